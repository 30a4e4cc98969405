package initfile

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

// manifest is what matters here of a package.json.
type manifest struct {
	Name       string         `json:"name"`
	Scripts    map[string]any `json:"scripts"`
	Workspaces any            `json:"workspaces"`
}

// nodePackage is the package of dir, or, in a workspace, those of its members
// that have something to run.
func nodePackage(tree fs.FS, dir string) ([]service, error) {
	m, err := readManifest(tree, dir)
	if err != nil {
		return nil, err
	}
	manager := packageManager(tree, dir)
	members, err := workspaces(tree, dir, m)
	if err != nil {
		return nil, err
	}
	var found []service
	for _, member := range members {
		if m, err := readManifest(tree, member); err == nil {
			found = append(found, m.services(manager, member)...)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	return m.services(manager, dir), nil
}

func readManifest(tree fs.FS, dir string) (manifest, error) {
	var m manifest
	data, err := fs.ReadFile(tree, path.Join(dir, "package.json"))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(data, &m)
}

// services is the package's dev script, else its start script.
func (m manifest) services(manager, dir string) []service {
	for _, name := range []string{"dev", "start"} {
		script, ok := m.Scripts[name].(string)
		if !ok || script == "" {
			continue
		}
		s := service{name: "web", dir: dir, command: manager + " run " + name}
		if dir != "." {
			s.name = path.Base(dir)
		}
		if flags := portFlags(script); flags != "" {
			s.command += passOn(manager) + flags
		} else if !strings.Contains(script, "react-scripts") {
			s.comment = []string{ownPort}
		}
		return []service{s}
	}
	return nil
}

// portFlags are what makes a script's program listen on the right port, where it
// is one program and a known one.
func portFlags(script string) string {
	if strings.ContainsAny(script, "&|;\n") {
		return ""
	}
	for _, word := range strings.Fields(script) {
		switch word {
		case "vite":
			return "--host $HOST --port $PORT --strictPort"
		case "next":
			return "-H $HOST -p $PORT"
		case "astro", "nuxt", "nuxi", "ng", "parcel", "webpack-dev-server":
			return "--host $HOST --port $PORT"
		}
	}
	return ""
}

// passOn stands between a script and its flags.
func passOn(manager string) string {
	if manager == "npm" {
		return " -- "
	}
	return " "
}

func packageManager(tree fs.FS, dir string) string {
	for _, lock := range []struct{ file, manager string }{
		{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}, {"bun.lock", "bun"}, {"bun.lockb", "bun"},
	} {
		if exists(tree, path.Join(dir, lock.file)) || exists(tree, lock.file) {
			return lock.manager
		}
	}
	return "npm"
}

// workspaces are the directories that a package.json or pnpm-workspace.yaml names
// as members, sorted.
func workspaces(tree fs.FS, dir string, m manifest) ([]string, error) {
	patterns := stringList(m.Workspaces)
	if table, ok := m.Workspaces.(map[string]any); ok {
		patterns = stringList(table["packages"])
	}
	if data, err := fs.ReadFile(tree, path.Join(dir, "pnpm-workspace.yaml")); err == nil {
		var pnpm struct{ Packages []string }
		if err := yaml.Unmarshal(data, &pnpm); err != nil {
			return nil, err
		}
		patterns = append(patterns, pnpm.Packages...)
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
