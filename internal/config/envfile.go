package config

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// fileVar is a variable as a top-level env_file has it.
type fileVar struct {
	value string
	file  int // index of Project.EnvFiles
	line  int
}

// remark is a notice about a line of an env_file.
type remark struct {
	// file is the index of its path in resolver.paths.
	file, line int
	text       string
}

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
		for _, e := range r.readFile(file, dotenv.Scope{Over: over, Under: under}) {
			r.files[e.Key] = fileVar{e.Value, i, e.Line}
		}
	}
}

// readFile reads an env_file and notes what is wrong with it and what its readers
// should know.
func (r *resolver) readFile(file EnvFile, scope dotenv.Scope) []dotenv.Entry {
	read, err := r.parseFile(file.Path, scope)
	if err != nil {
		r.badFile(file, err)
		return nil
	}
	for _, m := range read.Remarks {
		r.remark(file.Path, m.Line, m.Text)
	}
	return read.Entries
}

// parseFile takes the text of a file from the disk once: a pipe gives it once.
func (r *resolver) parseFile(path string, scope dotenv.Scope) (*dotenv.File, error) {
	data, known := r.texts[path]
	if !known {
		var err error
		if data, err = dotenv.Read(path); err != nil {
			return nil, err
		}
		r.texts[path] = data
	}
	return dotenv.Parse(path, data, scope)
}

// remark notes text about a line of the file at path, once.
func (r *resolver) remark(path string, line int, text string) {
	at := slices.Index(r.paths, path)
	if at < 0 {
		at = len(r.paths)
		r.paths = append(r.paths, path)
	}
	if m := (remark{at, line, text}); !slices.Contains(r.remarks, m) {
		r.remarks = append(r.remarks, m)
	}
}

// inFileOrder sorts remarks by file, in the order of their reading, and line.
func inFileOrder(a, b remark) int {
	return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
}

// badFile notes why an env_file could not be read. The .env that nobody named
// may be missing, or be a directory, as of a Python environment.
func (r *resolver) badFile(file EnvFile, err error) {
	name := shown(file.Path)
	lines, ok := errors.AsType[dotenv.Errors](err)
	switch {
	case ok:
		for _, e := range lines {
			// The line itself may hold a secret, so it is not shown.
			r.bad(Pos{File: name, Line: e.Line, Col: e.Col, Len: 1}, e.Hint, "%s", e.Msg)
		}
	case file.Optional && (errors.Is(err, fs.ErrNotExist) || isDir(file.Path)):
	case file.Pos.Line == 0:
		r.bad(Pos{File: name}, "", "cannot read it: %v", err)
	default:
		r.bad(file.Pos, "", "cannot read the env_file %q: %v", name, err)
	}
}
