package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/ports"
)

const defaultLogSize = 10 << 20

// read turns the text of path, and of the local file beside it unless that is
// nil, into a project. environ is as in Options.
func read(path string, data, local []byte, environ []string) (*Project, Mistakes) {
	dir := filepath.Dir(path)
	c := &checker{dir: dir, conditions: map[Pos]Pos{}, sources: []*source{newSource(shown(path), data)}}
	if local != nil {
		c.sources = append(c.sources, newSource(shown(filepath.Join(dir, LocalFileName)), local))
	}
	if root := c.parse(); root != nil {
		p := c.project(root)
		p.Dir, p.File = dir, path
		c.check(p)
		c.foresee(p, environ)
		if mistakes := c.finish(); len(mistakes) > 0 {
			return nil, mistakes
		}
		return p, nil
	}
	return nil, c.finish()
}

// parse returns the sources merged, nil when one of them is not TOML.
func (c *checker) parse() *node {
	var root *node
	for _, src := range c.sources {
		n, mistakes := parse(src)
		c.add(mistakes...)
		switch {
		case root == nil:
			root = n
		case n != nil:
			root = merge(root, n)
		}
	}
	if len(c.mistakes) > 0 {
		return nil
	}
	return root
}

func (c *checker) project(root *node) *Project {
	f := c.table(root, "")
	name := f.get("name")
	p := &Project{
		Name:       c.projectName(name),
		unnamed:    name == nil,
		Shell:      c.shell(f.get("shell")),
		Env:        c.env(f.get("env")),
		EnvFiles:   c.envFiles(f.get("env_file")),
		Dotenv:     c.dotenv(f.get("dotenv")),
		Range:      c.portRange(f.get("ports")),
		Front:      c.front(f.get("front")),
		Inspect:    c.inspect(f.get("inspect")),
		MaxLogSize: c.maxLogSize(f.get("logs")),
	}
	if f.n.parts["env_file"] == nil {
		p.EnvFiles = []EnvFile{{Path: filepath.Join(c.dir, ".env"), Optional: true}}
	}
	defaults := c.defaults(f.get("defaults"))
	services := f.get("services")
	if c.repeatable(services, f.n.parts["defaults"], f.n.parts["env"]) {
		p.Services = c.services(services, defaults)
	}
	f.end("the file")
	if len(p.Services) == 0 && !slices.Contains(f.meant, "services") {
		c.noServices(services)
	}
	return p
}

// maxRepeated bounds the values that a file gives to all of its services, counted
// once for each service.
const maxRepeated = 1 << 20

// repeatable reports whether every one of services can get the values of shared.
func (c *checker) repeatable(services *node, shared ...*node) bool {
	if services == nil {
		return true
	}
	for _, n := range shared {
		if size := n.size(); size*len(services.names) > maxRepeated {
			c.bad(n.keyPos(), "", "%d values for each of %d services are too many", size, len(services.names))
			return false
		}
	}
	return true
}

// topKeys are those of the file itself that nothing below it knows.
var topKeys = [...]string{"name", "dotenv", "shell", "defaults", "services", "logs", "front"}

func (c *checker) noServices(n *node) {
	pos := Pos{File: c.sources[0].name}
	if n != nil && !n.isTable {
		return
	}
	if n != nil {
		pos = n.keyPos()
	}
	c.bad(pos, `a service begins with [services.NAME] and needs a command`, "there are no services")
}

// isProjectName says whether s is [a-z0-9-]+.
func isProjectName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-'
	})
}

func (c *checker) projectName(n *node) string {
	if n == nil {
		return DefaultName(c.dir)
	}
	name := c.str(n)
	if name != "" && !isProjectName(name) {
		c.bad(n.pos(), didYouMean(strconv.Quote(nameFrom(name))),
			"the project name %q may hold a-z, 0-9 and - only", name)
	}
	return name
}

// DefaultName is the name of a project in dir that the file does not name.
func DefaultName(dir string) string { return nameFrom(filepath.Base(dir)) }

// nameFrom makes any text a project name.
func nameFrom(s string) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if len(words) == 0 {
		return "project"
	}
	return strings.Join(words, "-")
}

func (c *checker) shell(n *node) []string {
	if n == nil {
		return []string{"sh", "-c"}
	}
	words := raws(c.array(n, `an argv that the command is added to, such as ["bash", "-c"]`))
	if n.isArray && len(n.elements) == 0 {
		c.bad(n.pos(), "", "the shell is empty")
	}
	return words
}

func (c *checker) portRange(n *node) ports.Range {
	f := c.table(n, `ports = { range = "20000-29999" }`)
	at := f.get("range")
	f.end("ports")
	s := c.str(at)
	if s == "" {
		return ports.Range{}
	}
	r, err := ports.ParseRange(s)
	if err != nil {
		c.bad(at.pos(), "", "%v", err)
	}
	return r
}

func (c *checker) maxLogSize(n *node) int64 {
	f := c.table(n, `logs = { max_size = "10MiB" }`)
	at := f.get("max_size")
	f.end("logs")
	if at == nil {
		return defaultLogSize
	}
	return c.size(at)
}

// dotenv reads a path, an array of paths, a table of paths, or false.
func (c *checker) dotenv(n *node) []PortFile {
	var files []PortFile
	switch {
	case n == nil:
		return []PortFile{{Path: filepath.Join(c.dir, ".env"), All: true}}
	case n.scalar == false:
		return nil
	case n.isTable:
		for _, path := range n.names {
			files = append(files, c.portFile(path, n.parts[path]))
		}
	case n.isArray || isString(n):
		for _, path := range c.list(n) {
			files = append(files, PortFile{Path: c.abs(path.Raw), All: true, Pos: path.Pos})
		}
	default:
		c.wrong(n, "a path, a table of paths or false", "")
	}
	c.checkPortFiles(files)
	return files
}

func isString(n *node) bool {
	_, ok := n.scalar.(string)
	return ok
}

func (c *checker) portFile(path string, n *node) PortFile {
	if strings.TrimSpace(path) == "" {
		c.bad(n.keyPos(), "", "the path is empty")
		return PortFile{}
	}
	f := c.table(n, fmt.Sprintf(`%q = {} writes the variables of every service`, path))
	if !f.isTable {
		return PortFile{}
	}
	vars := c.env(n)
	for _, v := range vars {
		if !dotenv.IsKey(v.Key) {
			c.bad(v.KeyPos, "", "%q cannot be the name of a variable in a .env file", v.Key)
		}
	}
	return PortFile{Path: c.abs(path), All: len(f.n.names) == 0, Vars: vars, Pos: n.keyPos()}
}

func (c *checker) checkPortFiles(files []PortFile) {
	seen := map[string]Pos{}
	for _, file := range files {
		if file.Path == "" {
			continue
		}
		if isDir(file.Path) {
			c.bad(file.Pos, "", "the port file %q is a directory", c.rel(file.Path))
		}
		if first, twice := seen[file.Path]; twice {
			c.bad(file.Pos, alreadyHint(first), "the port file %q is named twice", c.rel(file.Path))
			continue
		}
		seen[file.Path] = file.Pos
	}
}

// alreadyHint points to the first of two.
func alreadyHint(first Pos) string { return "the first is at " + first.String() }

// abs makes a path of the file absolute.
func (c *checker) abs(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(c.dir, filepath.FromSlash(path))
}

func (c *checker) rel(path string) string {
	if rel, err := filepath.Rel(c.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// env reads a table of variables, in the order of the file. Integers, floats and
// booleans count as the text that was written.
func (c *checker) env(n *node) []Var {
	f := c.table(n, `env = { NAME = "value" }`)
	var vars []Var
	for _, key := range f.n.names {
		part := f.n.parts[key]
		if key == "" || strings.ContainsAny(key, "= \t\r\n\x00") {
			c.bad(part.keyPos(), "", "%q cannot be the name of a variable", key)
			continue
		}
		vars = append(vars, Var{Key: key, Value: c.envValue(part), KeyPos: part.keyPos()})
	}
	return vars
}

func (c *checker) envValue(n *node) Text {
	switch v := n.scalar.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			c.bad(n.pos(), "", "the string holds a NUL character")
		}
		return Text{Raw: v, Pos: n.pos()}
	case int64, float64:
		return Text{Raw: strings.ReplaceAll(n.written(), "_", ""), Pos: n.pos()}
	case bool:
		return Text{Raw: n.written(), Pos: n.pos()}
	}
	hint := quoteHint(n)
	if n.isTable {
		hint = "a dot in a key makes a table; quote the key if the name has one"
	}
	c.wrong(n, "a string", hint)
	return Text{}
}

// envFiles reads one path or several, or false for none. A file that is named has to
// be there.
func (c *checker) envFiles(n *node) []EnvFile {
	switch {
	case n == nil || n.scalar == false:
		return nil
	case !n.isArray && !isString(n):
		c.wrong(n, "a path, an array of paths or false", "")
		return nil
	}
	var files []EnvFile
	for _, t := range c.list(n) {
		path := c.abs(t.Raw)
		if !isFile(path) {
			c.bad(t.Pos, c.nearFile(path), "the env_file %q does not exist", t.Raw)
		}
		files = append(files, EnvFile{Path: path, Pos: t.Pos})
	}
	return files
}
