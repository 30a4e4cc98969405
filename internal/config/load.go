// Package config reads a project's configuration: lhrun.toml with lhrun.local.toml
// over it, or a Procfile.
//
// Load finds the file, checks all of it and returns a Project, whose texts still hold
// templates, or Mistakes: everything that is wrong, each with its place. Once the
// ports are leased, Resolve reads the .env files, fills the templates in and returns
// what the supervisor runs. Diff compares two of these for a reload.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
)

// The names of the files that Load looks for.
const (
	FileName        = "lhrun.toml"
	LocalFileName   = "lhrun.local.toml"
	ProcfileName    = "Procfile"
	DevProcfileName = "Procfile.dev"
)

// Options say which configuration to load.
type Options struct {
	// File is the file itself, seen from Dir; "" looks for one.
	File string
	// Dir is where to start; "" is the working directory.
	Dir string
	// Environ is lhrun's own environment. Where the file is wrong, mistakes of which
	// otherwise Resolve would tell are told with the others; nil leaves them out.
	Environ []string
}

// ErrNotFound is wrapped by the error of Load when there is nothing to load.
var ErrNotFound = errors.New("no configuration")

// Load finds, reads and checks a project's configuration: Options.File, or
// lhrun.toml in the directory or its nearest parent, or else a Procfile.dev or a
// Procfile in the directory. A file named like a Procfile is read as one.
//
// The error is Mistakes where files were read but are not right; any other means
// that a file could not be found or read.
func Load(o Options) (*Project, error) {
	path, err := Find(o)
	if err != nil {
		return nil, err
	}
	data, err := files.ReadInput(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration %q: %w", path, err)
	}
	project, mistakes, err := readEither(path, data, o.Environ)
	switch {
	case err != nil:
		return nil, err
	case len(mistakes) > 0:
		return nil, mistakes
	case o.File == "":
		project.noteChoice()
	}
	project.place("") // From here on look-ups only read, so several may at once.
	return project, nil
}

// noteChoice says that p is from a Procfile.dev, which other programs do not read
// unless they are told to.
func (p *Project) noteChoice() {
	if filepath.Base(p.File) != DevProcfileName {
		return
	}
	notice := "the processes are those of " + DevProcfileName
	if isFile(filepath.Join(p.Dir, ProcfileName)) {
		notice += ", not of " + ProcfileName
	}
	p.Notices = append([]string{notice}, p.Notices...)
}

// readEither reads a Procfile or a lhrun.toml, whichever the name tells.
func readEither(path string, data []byte, environ []string) (*Project, Mistakes, error) {
	if isProcfile(path) {
		project, mistakes := parseProcfile(path, data, environ)
		return project, mistakes, nil
	}
	local, err := readLocal(path)
	if err != nil {
		return nil, nil, err
	}
	project, mistakes := read(path, data, local, environ)
	return project, mistakes, nil
}

// isProcfile goes by the name alone: Procfile, Procfile.dev, web.procfile.
func isProcfile(path string) bool {
	name := strings.ToLower(filepath.Base(path))
	return strings.Contains(name, "procfile") && !strings.HasSuffix(name, ".toml")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// readLocal returns what is merged over the file at path, nil where there is
// nothing.
func readLocal(path string) ([]byte, error) {
	local := filepath.Join(filepath.Dir(path), LocalFileName)
	if local == path {
		return nil, nil
	}
	if owner := stranger(local); owner != "" && owner != stranger(path) {
		return nil, fmt.Errorf("cannot use the local configuration %q: it belongs to user %s, and %q does not", local, owner, path)
	}
	data, err := files.ReadInput(local)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the local configuration %q: %w", local, err)
	}
	return data, nil
}

// shown is path as users are told it: relative to the working directory when it
// is below that.
func shown(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
