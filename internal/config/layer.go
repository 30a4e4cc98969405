package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// fileRead is an env_file as one service reads it, or all of them where service is "".
type fileRead struct {
	path, service string
	entries       []dotenv.Entry
}

// layerNotices returns a line for each env_file that overrides values of .env.local,
// .env.test or the like beside it: lhrun puts the file's values into the environment,
// and the frameworks that load such files let the environment win.
func (r *resolver) layerNotices(out *Resolved) []string {
	var lines []string
	for _, file := range r.read {
		vars, _ := out.environment(file.service)
		overridden := r.overridden(file, vars)
		if len(overridden) == 0 {
			continue
		}
		first := overridden[0]
		what := first.key + " differs"
		if n := len(overridden) - 1; n > 0 {
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

// overriddenVar is a variable of a layer whose value no service gets.
type overriddenVar struct {
	path string
	line int
	key  string
}

// overridden returns the variables to which layers of file give another value than
// file does, as far as vars, an environment, has the value of file.
func (r *resolver) overridden(file fileRead, vars map[string]string) []overriddenVar {
	said := map[string]string{}
	for _, e := range file.entries {
		_, inEnviron := r.environ[e.Key]
		_, lhruns := r.vars[e.Key]
		if file.service != "" || !inEnviron && !lhruns {
			said[e.Key] = e.Value
		}
	}
	var overridden []overriddenVar
	told := map[string]bool{}
	for _, path := range r.layersOf(file.path) {
		layer, err := r.parseFile(path, dotenv.Scope{Over: r.inEnviron, Under: r.inFiles})
		if layer == nil || err != nil {
			continue // The framework that reads it reports what is wrong.
		}
		for _, e := range layer.Entries {
			value, both := said[e.Key]
			if both && value != e.Value && value == vars[e.Key] && !told[e.Key] {
				told[e.Key] = true
				overridden = append(overridden, overriddenVar{path, e.Line, e.Key})
			}
		}
	}
	return overridden
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

// noLayers are the endings after ".env." of files that no framework loads: examples,
// backups, keys, encrypted files.
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
