package config

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/git"
)

// Find returns the absolute path of the file that Load reads. It fails for a file
// that another user has put in the way: only Options.File names such a file.
func Find(o Options) (string, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", fmt.Errorf("cannot find the working directory: %w", err)
	}
	if o.File != "" {
		if filepath.IsAbs(o.File) {
			return filepath.Clean(o.File), nil
		}
		return filepath.Join(dir, o.File), nil
	}
	if info, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("cannot start in %q: %w", dir, err)
	} else if !info.IsDir() {
		return "", fmt.Errorf("cannot start in %q: it is not a directory", dir)
	}
	path, beyond := nearestFile(dir)
	if path == "" {
		path = procfileIn(dir)
	}
	if path == "" {
		return "", notFound(dir, beyond)
	}
	return path, checkPlace(path, dir)
}

// nearestFile returns the lhrun.toml in dir or its nearest parent within the
// checkout, or else the nearest one beyond the checkout.
func nearestFile(dir string) (path, beyond string) {
	left := false
	for at := dir; ; at = filepath.Dir(at) {
		path := filepath.Join(at, FileName)
		switch {
		case isFile(path) && left:
			return "", path
		case isFile(path):
			return path, ""
		case at == filepath.Dir(at):
			return "", ""
		}
		left = left || git.IsTop(at)
	}
}

func procfileIn(dir string) string {
	for _, name := range []string{DevProcfileName, ProcfileName} {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	return ""
}

func notFound(dir, beyond string) error {
	if beyond != "" {
		return fmt.Errorf("%w: no %s in %q or above it in this checkout, and no %s; %q is another checkout's: name it with -f, or its directory with -C",
			ErrNotFound, FileName, dir, ProcfileName, beyond)
	}
	return fmt.Errorf("%w: neither %s in %q or a directory above it, nor a %s or a %s in it; `lhrun init` writes a first one",
		ErrNotFound, FileName, dir, DevProcfileName, ProcfileName)
}

// checkPlace refuses the file at path, found from dir, where somebody else could have
// put it: in a directory above, or in one that is for everybody.
func checkPlace(path, dir string) error {
	if filepath.Dir(path) == dir && !isPublic(dir) {
		return nil
	}
	if owner := stranger(path); owner != "" {
		return fmt.Errorf("cannot use %q, which was found from %q: it belongs to user %s; name it with -f if you trust it", path, dir, owner)
	}
	return nil
}

// isPublic reports whether dir is one in which all users keep files, such as /tmp.
func isPublic(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.Mode()&os.ModeSticky != 0 && info.Mode().Perm()&0o002 != 0
}
