// Package initfile drafts a first lhrun.toml from what a directory already says
// about its services: process lists, compose files, manifests of languages, .env.
// What a source says becomes a key, a comment that begins with "not taken over",
// or a question; nothing of it is dropped silently.
//
// Each source has a file here, which turns it into services. Draft joins them,
// settle makes them fit together, and write.go writes them.
package initfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Draft is a file about to be written.
type Draft struct {
	// Sources are the files it was drafted from, as paths below the directory.
	Sources []string
	// Notes say in one line each what could not be read.
	Notes []string

	tree fs.FS
	dir  string
	name string
	// remarks stand below the header, a line each.
	remarks []string
	// env is for every service.
	env      []variable
	services []service
	// lenders are services that something else runs: only their environment and
	// what they wait for counts.
	lenders []service
	dotenv  dotenvFile
	// memberDirs are the packages of the workspace, by name, once they are looked up.
	memberDirs map[string]string
	// unreadable reports whether .env has a mistake, which would be one of every verb.
	unreadable bool
	// ownEnv keeps .env out of the services, since their framework reads it.
	ownEnv bool
	// layers is that framework, "" where there is none.
	layers string
	// lost is what is no part of a service, by file.
	lost []loss
}

// loss is what of a file is no key.
type loss struct {
	file    string
	entries []string
}

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
	d := &Draft{name: projectName(filepath.Base(full)), tree: root.FS(), dir: full}
	d.readDotenv()
	listed := d.readLists()
	d.readCompose(listed)
	d.readDevcontainer(listed)
	d.readPrograms(listed)
	d.readFrameworks()
	if !slices.ContainsFunc(d.services, func(s service) bool { return !s.off }) {
		d.services = append(d.services, question())
	}
	d.settle()
	return d, nil
}

// question is what stands where nothing says how a service is run: it fails, and
// says which line to finish.
func question() service {
	return service{
		name: "app",
		comment: []string{
			"Nothing here says how a service is run. Put your own command in the place of",
			"this one, and say port = false if it does not listen on $PORT.",
		},
		command: "echo 'line " + questionLine + " of lhrun.toml: the command of app is still to be written' >&2; exit 1",
		restart: "no",
	}
}

func (d *Draft) note(file string, err error) {
	d.Notes = append(d.Notes, file+": "+strings.ReplaceAll(err.Error(), "\n", " "))
}

// lose remembers what of a file is no key.
func (d *Draft) lose(file string, entries ...string) {
	if len(entries) > 0 {
		d.lost = append(d.lost, loss{file, entries})
	}
}

// isSource notes that something of the file is in the draft.
func (d *Draft) isSource(file string) {
	if !slices.Contains(d.Sources, file) {
		d.Sources = append(d.Sources, file)
	}
}

// find is the service of that name, nil where there is none.
func (d *Draft) find(name string) *service {
	for i := range d.services {
		if d.services[i].name == name {
			return &d.services[i]
		}
	}
	return nil
}

// readOptional reads a file that need not be there. One that cannot be read is a
// note.
func (d *Draft) readOptional(name string) ([]byte, bool) {
	if !exists(d.tree, name) {
		return nil, false
	}
	data, err := readFile(d.tree, name)
	if err != nil {
		d.note(name, err)
	}
	return data, err == nil
}

// readYAML reads the first of several files that is there.
func (d *Draft) readYAML(names ...string) (name string, root *node, ok bool) {
	for _, name := range names {
		data, ok := d.readOptional(name)
		if !ok {
			continue
		}
		root, err := parseYAML(data)
		if err != nil {
			d.note(name, err)
		}
		return name, root, err == nil
	}
	return "", nil, false
}

func exists(tree fs.FS, name string) bool {
	info, err := fs.Stat(tree, name)
	return err == nil && info.Mode().IsRegular()
}

func isDir(tree fs.FS, name string) bool {
	info, err := fs.Stat(tree, name)
	return err == nil && info.IsDir()
}
