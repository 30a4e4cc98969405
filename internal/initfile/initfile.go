// Package initfile drafts a first lhrun.toml from what a directory already says
// about its services: a Procfile, compose.yaml, package.json and the like. What
// it cannot turn into a command it writes as a comment, never as a guess.
package initfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Draft is a file about to be written.
type Draft struct {
	// Sources are the files it was drafted from, as paths below the directory.
	Sources []string
	// Notes say in one line each what could not be read.
	Notes []string

	name     string
	services []service
}

// service is one table of the draft.
type service struct {
	name string
	// source is the name before it was made valid and unique.
	source string
	// comment stands above the table, a line each.
	comment []string
	command string
	dir     string
	// task runs to its end.
	task bool
	// quiet is a service that listens on nothing.
	quiet bool
	ports []string
	url   string
	env   []variable
	after []edge
	// ready and stop are TOML values.
	ready string
	stop  string
	// restart "" is the default policy.
	restart  string
	profiles []string
	// off writes the table as a comment.
	off bool
}

type variable struct{ key, value string }

// edge is a dependency; condition "" is the default one.
type edge struct{ name, condition string }

// Read drafts a file for dir. A source that is broken becomes a note; the error
// is only of dir itself.
func Read(dir string) (*Draft, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(full)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	d := &Draft{name: projectName(filepath.Base(full))}
	tree := root.FS()
	procfile := d.readProcfile(full, tree)
	d.readCompose(tree)
	if !procfile {
		d.readPrograms(tree)
	}
	if !slices.ContainsFunc(d.services, func(s service) bool { return !s.off }) {
		d.services = append(d.services, firstService())
	}
	d.settle()
	return d, nil
}

// firstService runs as it stands, so that where nothing else does there is
// something to look at and to replace.
func firstService() service {
	return service{
		name: "web",
		comment: []string{
			"Nothing here says how a service is run, so this one shows the files of this",
			"directory. Put your own command in its place.",
		},
		command: `"$LHRUN" serve`,
	}
}

func (d *Draft) note(file string, err error) {
	d.Notes = append(d.Notes, file+": "+strings.ReplaceAll(err.Error(), "\n", " "))
}

// add takes the services of file that are not known by knows.
func (d *Draft) add(file string, services []service, knows func(service) bool) {
	services = slices.DeleteFunc(services, knows)
	if len(services) > 0 {
		d.Sources = append(d.Sources, file)
		d.services = append(d.services, services...)
	}
}

// unique tells names apart that would share a variable: a-b and A_B both become
// A_B_PORT.
func unique(name string, taken map[string]bool) string {
	key := func(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "_")) }
	free := name
	for n := 2; taken[key(free)]; n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	taken[key(free)] = true
	return free
}

// serviceName makes s fit [a-zA-Z0-9][a-zA-Z0-9_-]*.
func serviceName(s string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
			return c
		}
		return '-'
	}, s)
	if clean = strings.Trim(clean, "-_"); clean == "" {
		return "service"
	}
	return clean
}

// projectName makes a directory's name fit [a-z0-9-], or is "".
func projectName(s string) string {
	clean := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(s))
	return strings.Trim(clean, "-")
}

func exists(tree fs.FS, name string) bool {
	info, err := fs.Stat(tree, name)
	return err == nil && info.Mode().IsRegular()
}
