package initfile

import (
	"io"
	"io/fs"
	"path"
	"regexp"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// readFile reads at most 1 MiB of a regular file.
func readFile(tree fs.FS, name string) ([]byte, error) {
	if info, err := fs.Stat(tree, name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	file, err := tree.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, 1<<20))
}

func readDir(tree fs.FS, name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(tree, path.Clean(name))
}

// globDirs are the directories that a pattern names.
func globDirs(tree fs.FS, pattern string) []string {
	if !doublestar.ValidatePattern(pattern) {
		return nil
	}
	found, _ := doublestar.Glob(noModules{tree}, pattern)
	return found
}

// entriesOf are the variables of an env_file; one that cannot be read has none.
func (d *Draft) entriesOf(file string) []dotenv.Entry {
	entries, _ := d.parse(file)
	return entries
}

func (d *Draft) isReadable(file string) bool {
	_, err := d.parse(file)
	return err == nil
}

func (d *Draft) parse(file string) ([]dotenv.Entry, error) {
	data, err := readFile(d.tree, file)
	if err != nil {
		return nil, err
	}
	text, err := dotenv.Parse(file, data, dotenv.Scope{})
	if err != nil {
		return nil, err
	}
	return text.Entries, nil
}

func quoteMeta(s string) string { return regexp.QuoteMeta(s) }
