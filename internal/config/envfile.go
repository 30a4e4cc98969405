package config

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/files"
)

// fileVar is a variable of a top-level env_file.
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

// readFiles reads the project's env_files. ${VAR} in them has the value that services
// will see.
func (r *resolver) readFiles() {
	above := r.aboveFiles()
	for r.readAll(above) {
		r.files, r.read, r.remarks, r.mistakes = map[string]fileVar{}, nil, nil, nil
	}
}

// aboveFiles returns lhrun's variables that win over the files. It leaves out a url
// with an {{env.NAME}}, which is not known before the files are read.
func (r *resolver) aboveFiles() map[string]string {
	above := r.runVars()
	for i := range r.project.Services {
		s := &r.project.Services[i]
		vars := r.portVars(s, r.inEnviron)
		if !s.URLDefault && !r.project.needsEnv(s.Name) {
			vars = append(vars, r.urlVar(s, r.setOutside)...)
		}
		for _, v := range vars {
			above[v.Key] = v.Value
		}
	}
	return above
}

// readAll reads the files. Where one of them sets a host to more than a bare host,
// readAll deletes that host from above and reports that the files have to be read
// again, since others of their values may name it.
func (r *resolver) readAll(above map[string]string) (again bool) {
	over := func(key string) (string, bool) {
		if value, ok := above[key]; ok || isPersonal(key) {
			return value, ok
		}
		return r.inEnviron(key)
	}
	under := func(key string) (string, bool) {
		if value, ok := r.inFiles(key); ok {
			return value, true
		}
		return r.defaultURL(key)
	}
	for i, file := range r.project.EnvFiles {
		for _, e := range r.readFile(file, "", dotenv.Scope{Over: over, Under: under}) {
			r.files[e.Key] = fileVar{e.Value, i, e.Line}
		}
	}
	for i := range r.project.Services {
		key := variable(r.project.Services[i].Name) + "_HOST"
		if v, set := r.files[key]; set && above[key] != "" && !isBareHost(v.value) {
			delete(above, key)
			again = true
		}
	}
	return again
}

// defaultURL returns the value of key where that is the <SVC>_URL of a service which
// sets no url.
func (r *resolver) defaultURL(key string) (string, bool) {
	for i := range r.project.Services {
		s := &r.project.Services[i]
		if !s.URLDefault || key != variable(s.Name)+"_URL" {
			continue
		}
		for _, v := range r.urlVar(s, func(string) bool { return false }) {
			return v.Value, true
		}
	}
	return "", false
}

// readFile reads an env_file of service, or of all where that is "". It notes what is
// wrong with it and what its authors should know.
func (r *resolver) readFile(file EnvFile, service string, scope dotenv.Scope) []dotenv.Entry {
	read, err := r.parseFile(file.Path, scope)
	if err != nil {
		r.badFile(file, err)
	}
	if read == nil {
		return nil
	}
	r.read = append(r.read, fileRead{file.Path, service, read.Entries})
	r.pathIndex(file.Path)
	for _, m := range read.Remarks {
		r.remark(file.Path, m.Line, m.Text)
	}
	return read.Entries
}

// parseFile reads a file from the disk only the first time, because a pipe gives its
// text once.
func (r *resolver) parseFile(path string, scope dotenv.Scope) (*dotenv.File, error) {
	data, known := r.texts[path]
	if !known {
		var err error
		if data, err = files.ReadInput(path); err != nil {
			return nil, err
		}
		r.texts[path] = data
	}
	return dotenv.Parse(path, data, scope)
}

// remark notes text about a line of the file at path, once.
func (r *resolver) remark(path string, line int, text string) {
	if m := (remark{r.pathIndex(path), line, text}); !slices.Contains(r.remarks, m) {
		r.remarks = append(r.remarks, m)
	}
}

// pathIndex returns the index of path in r.paths, which are in the order of this call.
func (r *resolver) pathIndex(path string) int {
	at := slices.Index(r.paths, path)
	if at < 0 {
		at = len(r.paths)
		r.paths = append(r.paths, path)
	}
	return at
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
