package config

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// fileVar is a variable as a top-level env_file has it.
type fileVar struct {
	value string
	file  int // index of Project.EnvFiles
	line  int
}

type lookup func(key string) (value string, ok bool)

// readFiles reads the project's env_files. What ${VAR} says in them is what
// services will see: a port of lhrun's, the environment, or an earlier entry.
func (r *resolver) readFiles() {
	above := r.runVars()
	for i := range r.project.Services {
		for _, v := range r.portVars(&r.project.Services[i]) {
			above[v.Key] = v.Value
		}
	}
	over := func(key string) (string, bool) {
		if value, ok := above[key]; ok || isPersonal(key) {
			return value, ok
		}
		value, ok := r.environ[key]
		return value, ok
	}
	under := func(key string) (string, bool) {
		v, ok := r.files[key]
		return v.value, ok
	}
	for i, file := range r.project.EnvFiles {
		for _, e := range r.readFile(file, over, under) {
			r.files[e.Key] = fileVar{e.Value, i, e.Line}
		}
	}
}

// readFile reads an env_file and notes what is wrong with it. Its ${VAR} is what
// over says, else the entry above it, else what under says.
func (r *resolver) readFile(file EnvFile, over, under lookup) []dotenv.Entry {
	borrowed := map[string]string{}
	entries, err := dotenv.ReadFile(file.Path, func(key string) (string, bool) {
		if value, ok := over(key); ok {
			return value, true
		}
		value, ok := under(key)
		if ok {
			borrowed[key] = value
		}
		return value, ok
	})
	if err == nil && definesAny(entries, borrowed) {
		entries, err = readBelow(file.Path, borrowed, over)
	}
	if err != nil {
		r.badFile(file, err)
		return nil
	}
	return entries
}

func definesAny(entries []dotenv.Entry, keys map[string]string) bool {
	for _, e := range entries {
		if _, ok := keys[e.Key]; ok {
			return true
		}
	}
	return false
}

// readBelow reads the file as if vars stood above its first line, since lookup
// wins over an entry of the file and vars must not.
func readBelow(path string, vars map[string]string, over lookup) ([]dotenv.Entry, error) {
	data, err := dotenv.Read(path)
	if err != nil {
		return nil, err
	}
	var above []dotenv.Pair
	for _, pair := range pairs(vars) {
		key, value, _ := strings.Cut(pair, "=")
		above = append(above, dotenv.Pair{Key: key, Value: value})
	}
	head, err := dotenv.Format(above)
	if err != nil {
		return nil, err
	}
	text := string(head) + strings.TrimPrefix(string(data), byteOrderMark)
	entries, err := dotenv.Parse(path, []byte(text), over)
	if err != nil {
		return nil, err
	}
	entries = entries[len(above):]
	for i := range entries {
		entries[i].Line -= strings.Count(string(head), "\n")
	}
	return entries, nil
}

// badFile notes why an env_file could not be read. The .env that nobody named
// may be missing, or be a directory, as of a Python environment.
func (r *resolver) badFile(file EnvFile, err error) {
	name := shown(file.Path)
	lines, ok := errors.AsType[dotenv.Errors](err)
	switch {
	case ok:
		for _, e := range lines {
			r.add(Mistake{
				Pos: Pos{File: name, Line: e.Line, Col: e.Col, Len: 1}, Msg: e.Msg, Hint: e.Hint, Line: e.Source,
			})
		}
	case file.Optional && (errors.Is(err, fs.ErrNotExist) || isDir(file.Path)):
	case file.Pos.Line == 0:
		r.add(Mistake{Pos: Pos{File: name}, Msg: err.Error()})
	default:
		r.add(Mistake{Pos: file.Pos, Msg: err.Error()})
	}
}
