package initfile

import (
	"errors"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// composeNames are the files that docker compose looks for, in its order.
var composeNames = []string{"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"}

// composeService is what matters here of one compose service. The nodes have a
// short form and a long one.
type composeService struct {
	Image       string
	Build       yaml.Node
	Command     yaml.Node
	Environment yaml.Node
	DependsOn   yaml.Node `yaml:"depends_on"`
	Ports       yaml.Node
	Expose      yaml.Node
	Restart     string
	Healthcheck yaml.Node
	Profiles    yaml.Node
}

func (d *Draft) readCompose(tree fs.FS) {
	for _, name := range composeNames {
		data, err := fs.ReadFile(tree, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			d.note(name, err)
			return
		}
		services, err := compose(tree, data)
		if err != nil {
			d.note(name, err)
			return
		}
		d.add(name, services, d.hasName)
		return
	}
}

// hasName tells a service that the Procfile runs already.
func (d *Draft) hasName(s service) bool {
	return slices.ContainsFunc(d.services, func(k service) bool { return k.name == s.name })
}

// compose turns every service of a compose file into a table, in the file's
// order; one without a local command becomes a comment.
func compose(tree fs.FS, data []byte) ([]service, error) {
	var file struct{ Services yaml.Node }
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var found []service
	for name, node := range pairs(&file.Services) {
		if name == "<<" {
			continue
		}
		var c composeService
		if err := node.Decode(&c); err != nil {
			return nil, err
		}
		found = append(found, c.service(tree, name))
	}
	return found, nil
}

// service takes what is known to do the image's work locally, else what the
// build's directory says, else the command that the file gives.
func (c composeService) service(tree fs.FS, name string) service {
	env := variables(&c.Environment)
	after := dependsOn(&c.DependsOn)
	if s, ok := local(c.Image, name, env); ok {
		s.after, s.profiles = after, names(&c.Profiles)
		return s
	}
	s, ok := c.built(tree, name)
	s.name, s.env, s.after, s.profiles = name, env, after, names(&c.Profiles)
	s.restart = restarts[c.Restart]
	if ok {
		if p, probed := httpPath(&c.Healthcheck); probed {
			s.quiet, s.comment = false, []string{ownPort}
			s.ready = "{ http = " + quote(literal(p)) + " }"
		}
		return s
	}
	s.off = true
	s.command = "…"
	s.comment = []string{"No local command is known for " + c.origin() + ". Once there is one:"}
	if command, given := argv(&c.Command); given && c.Image == "" {
		s.command = literal(command)
		s.comment = []string{"It runs in " + c.origin() + ". Once it runs here:"}
	}
	return s
}

func (c composeService) built(tree fs.FS, name string) (service, bool) {
	dir, ok := buildDir(&c.Build)
	if !ok {
		return service{}, false
	}
	if info, err := fs.Stat(tree, dir); err != nil || !info.IsDir() {
		return service{}, false
	}
	command, ok := argv(&c.Command)
	if !ok {
		return programIn(tree, dir)
	}
	s := service{dir: dir, command: literal(command)}
	if s.quiet = c.Ports.IsZero() && c.Expose.IsZero() && !listens(name, command); !s.quiet {
		s.comment = []string{ownPort}
	}
	return s, true
}

func (c composeService) origin() string {
	if c.Image != "" {
		return "image " + c.Image
	}
	dir, built := buildDir(&c.Build)
	switch _, given := argv(&c.Command); {
	case built && given:
		return "a build whose directory, " + dir + ", is not here"
	case given:
		return "an image that is named elsewhere"
	}
	return "a build without a command"
}

// buildDir is where an image is built: `build: DIR` or `build: {context: DIR}`.
func buildDir(n *yaml.Node) (string, bool) {
	var dir string
	var long struct{ Context string }
	switch {
	case n.IsZero():
		return "", false
	case n.Decode(&dir) == nil:
	case n.Decode(&long) == nil:
		dir = long.Context
	}
	dir = path.Clean(dir)
	return dir, fs.ValidPath(dir)
}

// argv is a command as one line of sh; a list is quoted word by word.
func argv(n *yaml.Node) (string, bool) {
	var line string
	var words []string
	switch {
	case n.IsZero():
		return "", false
	case n.Decode(&line) == nil:
	case n.Decode(&words) == nil:
		for i, word := range words {
			words[i] = strings.ReplaceAll(word, "$$", "$")
		}
		return shellLine(words), len(words) > 0
	}
	line = strings.TrimSpace(strings.ReplaceAll(line, "$$", "$"))
	return line, line != ""
}

// variables are those of `environment` that have a value of their own, in the
// file's order.
func variables(n *yaml.Node) []variable {
	var vars []variable
	n = target(n)
	add := func(key, value string) {
		if value, ok := interpolate(value); ok && dotenv.IsName(key) {
			vars = append(vars, variable{key, literal(value)})
		}
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			if key, value, ok := strings.Cut(item.Value, "="); ok {
				add(key, value)
			}
		}
		return vars
	}
	for key, value := range pairs(n) {
		if value.Kind == yaml.ScalarNode && value.Tag != "!!null" {
			add(key, value.Value)
		}
	}
	return vars
}

// dependsOn is `depends_on`, whose conditions are those of compose.
func dependsOn(n *yaml.Node) []edge {
	var after []edge
	if n = target(n); n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			after = append(after, edge{name: item.Value})
		}
		return after
	}
	for name, value := range pairs(n) {
		var long struct{ Condition string }
		_ = value.Decode(&long)
		after = append(after, edge{name, conditions[long.Condition]})
	}
	return after
}

// conditions are compose's in lhrun's words; service_healthy is the default one.
var conditions = map[string]string{
	"service_started":                "started",
	"service_completed_successfully": "completed",
}

// target is what an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// pairs walks a mapping in the file's order; anything else is empty.
func pairs(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		n := target(n)
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}
