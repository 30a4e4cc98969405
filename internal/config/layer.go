package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// fileRead is what an env_file says to one service, or to all where service is "".
type fileRead struct {
	path, service string
	entries       []dotenv.Entry
}

// layerNotices has a line for each env_file whose values keep those of .env.local,
// .env.test and the like beside it from their readers: lhrun puts its values into the
// environment, and every loader of such files lets the environment win.
func (r *resolver) layerNotices(out *Resolved) []string {
	var lines []string
	for _, file := range r.read {
		vars, _ := out.environment(file.service)
		hidden := r.hidden(file, vars)
		if len(hidden) == 0 {
			continue
		}
		first := hidden[0]
		what := first.key + " differs"
		if n := len(hidden) - 1; n > 0 {
			what = fmt.Sprintf("%s and %d more differ", first.key, n)
		}
		line := fmt.Sprintf("%s:%d: %s from %s, and lhrun's value wins, since it is in the environment; `env_file = false` leaves these files to the framework",
			shown(first.path), first.line, what, shown(file.path))
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// hiddenVar is a variable of a layer that does not reach its readers.
type hiddenVar struct {
	path string
	line int
	key  string
}

// hidden finds the variables that layers of file set otherwise than file does, where
// it is the one that vars, an environment, has the value of.
func (r *resolver) hidden(file fileRead, vars map[string]string) []hiddenVar {
	said := map[string]string{}
	for _, e := range file.entries {
		_, inEnviron := r.environ[e.Key]
		_, lhruns := r.vars[e.Key]
		if file.service != "" || !inEnviron && !lhruns {
			said[e.Key] = e.Value
		}
	}
	var hidden []hiddenVar
	told := map[string]bool{}
	for _, path := range r.layersOf(file.path) {
		layer, err := r.parseFile(path, dotenv.Scope{Over: r.inEnviron, Under: r.inFiles})
		if layer == nil || err != nil {
			continue // Whoever reads it tells what is wrong with it.
		}
		for _, e := range layer.Entries {
			value, both := said[e.Key]
			if both && value != e.Value && value == vars[e.Key] && !told[e.Key] {
				told[e.Key] = true
				hidden = append(hidden, hiddenVar{path, e.Line, e.Key})
			}
		}
	}
	return hidden
}

// layersOf returns the layers beside path that lhrun does not read itself.
func (r *resolver) layersOf(path string) []string {
	dir := filepath.Dir(path)
	entries, _ := os.ReadDir(dir)
	var layers []string
	for _, e := range entries {
		layer := filepath.Join(dir, e.Name())
		isRead := slices.ContainsFunc(r.read, func(f fileRead) bool { return f.path == layer })
		if isLayer(e.Name()) && !isRead && isRegular(layer) {
			layers = append(layers, layer)
		}
	}
	return layers
}

// noLayers follow ".env." in the names of files that no framework reads: examples,
// backups, keys and ciphers.
var noLayers = []string{
	"example", "examples", "sample", "template", "tpl", "dist", "default", "defaults", "schema", "vault", "keys", "me",
	"bak", "backup", "old", "orig", "save", "swp", "tmp", "enc", "encrypted", "gpg", "age", "asc", "sops",
	"md", "txt", "json", "yml", "yaml", "toml", "sh", "js", "ts", "py", "rb", "go",
}

// isLayer reports whether frameworks lay a file of this name over .env: .env.local,
// .env.MODE and .env.MODE.local.
func isLayer(name string) bool {
	mode, ok := strings.CutPrefix(name, ".env.")
	mode = strings.TrimSuffix(mode, ".local")
	return ok && mode != "" && !strings.ContainsAny(mode, ".~") && !slices.Contains(noLayers, strings.ToLower(mode))
}
