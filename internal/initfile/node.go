package initfile

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// manifest is what matters here of a package.json.
type manifest struct {
	Name            string         `json:"name"`
	Main            any            `json:"main"`
	Scripts         map[string]any `json:"scripts"`
	Workspaces      any            `json:"workspaces"`
	Dependencies    map[string]any `json:"dependencies"`
	DevDependencies map[string]any `json:"devDependencies"`

	// order are the names of the scripts as they stand in the file.
	order []string
}

func readManifest(tree fs.FS, dir string) (manifest, error) {
	var m manifest
	if !fs.ValidPath(path.Join(dir, "package.json")) {
		return m, fs.ErrInvalid
	}
	data, err := readFile(tree, path.Join(dir, "package.json"))
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, err
	}
	if root, err := parseJSON(data); err == nil && root.parts["scripts"] != nil {
		m.order = root.parts["scripts"].keys
	}
	return m, nil
}

// depends reports whether the package names one of packages as a dependency.
func (m manifest) depends(packages ...string) bool {
	return slices.ContainsFunc(packages, func(name string) bool {
		_, a := m.Dependencies[name]
		_, b := m.DevDependencies[name]
		return a || b
	})
}

// binaries are programs that packages of other names have.
var binaries = glossary{
	{"tsc", "typescript"}, {"ng", "@angular/cli"}, {"nuxi", "nuxt"}, {"nest", "@nestjs/cli"}, {"vue-cli-service", "@vue/cli-service"},
	{"react-router", "@react-router/dev"}, {"remix", "@remix-run/dev"}, {"storybook", "storybook"}, {"sass", "sass"}, {"postcss", "postcss-cli"},
	{"tailwindcss", "tailwindcss"}, {"swc", "@swc/cli"}, {"babel", "@babel/cli"}, {"webpack", "webpack"}, {"ts-node-dev", "ts-node-dev"},
	{"wait-on", "wait-on"}, {"cross-env", "cross-env"},
}

// provides reports whether a program comes with the dependencies.
func (m manifest) provides(program string) bool {
	if owner := binaries.of(program); owner != "" {
		return m.depends(owner) || m.depends(program) || program == "tsc"
	}
	return m.depends(program)
}

// nodePackage is the package of dir, or, in a workspace, those of its members
// that have something to run. A root that only starts its members is none itself.
func (d *Draft) nodePackage(dir string) ([]service, error) {
	m, err := readManifest(d.tree, dir)
	if err != nil {
		return nil, err
	}
	own := d.packageServices(m, dir)
	members, err := workspaces(d.tree, dir, m)
	if err != nil {
		return nil, err
	}
	var found []service
	for _, member := range members {
		if m, err := readManifest(d.tree, member); err == nil && member != dir {
			found = append(found, d.packageServices(m, member)...)
		}
	}
	if len(own) == 0 || len(found) > 0 && startsMembers(m, own) {
		return found, nil
	}
	for _, s := range found {
		if !slices.ContainsFunc(own, func(k service) bool { return path.Clean(k.dir) == path.Clean(s.dir) }) {
			own[0].lose(s.dir + ": " + s.command)
		}
	}
	return own, nil
}

// startsMembers tells a root package whose script is that of a tool for workspaces.
func startsMembers(m manifest, own []service) bool {
	text, _ := m.Scripts[m.devScript()].(string)
	words, _ := shellWords(text)
	at := programOf(values(words))
	if len(own) != 1 || at >= len(words) {
		return false
	}
	switch words[at].value {
	case "turbo", "nx", "lerna", "wsrun", "moon", "preconstruct", "manypkg", "ultra":
		return true
	case "pnpm", "npm", "yarn", "bun":
		return slices.ContainsFunc(words, func(w word) bool {
			flag, _, _ := strings.Cut(w.value, "=")
			return slices.Contains(memberFlags, flag)
		})
	}
	return false
}

// memberFlags make a manager run a script of its workspace's members.
var memberFlags = []string{"-r", "--recursive", "--parallel", "workspaces", "--workspaces", "-ws", "--filter", "-F", "workspace", "--workspace", "-w"}

// devScript is the script that starts a package.
func (m manifest) devScript() string {
	for _, name := range []string{"dev", "start:dev", "serve", "start", "develop", "watch"} {
		if text, ok := m.Scripts[name].(string); ok && strings.TrimSpace(text) != "" {
			return name
		}
	}
	return ""
}

// packageServices is what the package's dev script, else its start script, runs.
func (d *Draft) packageServices(m manifest, dir string) []service {
	name := m.devScript()
	if name == "" {
		return nil
	}
	s := service{name: "web", dir: dir, from: path.Join(dir, "package.json"), command: packageManager(d.tree, dir) + " run " + name}
	if dir != "." {
		s.name = path.Base(dir)
	}
	var other []string
	found := d.split(s, 0)
	for _, script := range m.order {
		called := func(k service) bool { return strings.Contains(k.command+" ", "run "+script+" ") }
		if script != name && !slices.ContainsFunc(found, called) {
			other = append(other, script)
		}
	}
	if len(other) > 0 {
		found[0].lose("scripts " + strings.Join(other, ", "))
	}
	return found
}

func packageManager(tree fs.FS, dir string) string {
	for _, lock := range []struct{ file, manager string }{
		{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}, {"bun.lock", "bun"}, {"bun.lockb", "bun"},
	} {
		if exists(tree, path.Join(dir, lock.file)) || exists(tree, lock.file) && !exists(tree, path.Join(dir, "package-lock.json")) {
			return lock.manager
		}
	}
	return "npm"
}

// members are the directories of the root's workspace by the names of packages.
func (d *Draft) members() map[string]string {
	if d.memberDirs != nil {
		return d.memberDirs
	}
	d.memberDirs = map[string]string{}
	m, err := readManifest(d.tree, ".")
	if err != nil {
		return d.memberDirs
	}
	dirs, _ := workspaces(d.tree, ".", m)
	for _, dir := range dirs {
		if m, err := readManifest(d.tree, dir); err == nil && m.Name != "" {
			d.memberDirs[m.Name] = dir
			d.memberDirs[path.Base(m.Name)] = dir
		}
	}
	return d.memberDirs
}

// workspaces are the directories that a package.json or pnpm-workspace.yaml names
// as members, sorted.
func workspaces(tree fs.FS, dir string, m manifest) ([]string, error) {
	patterns := stringList(m.Workspaces)
	if table, ok := m.Workspaces.(map[string]any); ok {
		patterns = stringList(table["packages"])
	}
	if data, err := readFile(tree, path.Join(dir, "pnpm-workspace.yaml")); err == nil {
		pnpm, err := parseYAML(data)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, pnpm.get("packages").words()...)
	}
	var members []string
	for _, pattern := range patterns {
		pattern, excluded := strings.CutPrefix(pattern, "!")
		pattern = path.Join(dir, pattern)
		if excluded {
			members = slices.DeleteFunc(members, func(m string) bool { return doublestar.MatchUnvalidated(pattern, m) })
			continue
		}
		// A pattern of another dialect, or one that leaves the directory, matches nothing.
		files, _ := doublestar.Glob(noModules{tree}, path.Join(pattern, "package.json"))
		for _, file := range files {
			members = append(members, path.Dir(file))
		}
	}
	slices.Sort(members)
	return slices.Compact(members), nil
}

func stringList(v any) []string {
	items, _ := v.([]any)
	var list []string
	for _, item := range items {
		if s, ok := item.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// noModules hides node_modules, where thousands of packages have scripts.
type noModules struct{ fs.FS }

func (n noModules) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(n.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "node_modules" }), err
}
