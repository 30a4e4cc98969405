package cli

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
)

// visible is a directory without its dotfiles, without what links reach outside
// it, and without what is neither file nor directory: opening a named pipe would
// wait for its writer.
type visible struct {
	root *os.Root
}

// Open gives the *os.File itself, so that the kernel can send it.
func (v visible) Open(name string) (http.File, error) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		name = "."
	}
	if hidden(name) {
		return nil, fs.ErrNotExist
	}
	info, err := v.root.Stat(name)
	if err != nil {
		return nil, notShown(err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	file, err := v.root.Open(name)
	switch {
	case err != nil:
		return nil, notShown(err)
	case info.IsDir():
		return visibleDir{file}, nil
	default:
		return file, nil
	}
}

// notShown makes every reason but a missing permission look like a missing file.
func notShown(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fs.ErrPermission
	}
	return fs.ErrNotExist
}

// visibleDir lists no dotfiles.
type visibleDir struct {
	*os.File
}

func (d visibleDir) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.File.ReadDir(n)
	shown := entries[:0]
	for _, e := range entries {
		if !hidden(e.Name()) {
			shown = append(shown, e)
		}
	}
	return shown, err
}

// hidden reports whether an element of a slash-separated path starts with a dot.
func hidden(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element != "." && strings.HasPrefix(element, ".") {
			return true
		}
	}
	return false
}
