//go:build unix

package files

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// put writes text to a file, mode 0600, and returns its path.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", path, got, err, want)
	}
}

func hasMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	if info, err := os.Lstat(path); err != nil || info.Mode() != want {
		t.Errorf("%s is %v, %v; want %v", path, info, err, want)
	}
}

// onlyThese reports what else is in dir.
func onlyThese(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s has %q, %v; want %q", dir, got, err, want)
	}
}

// impostors are what can be in a file's place, by name.
func impostors(t *testing.T, target string) map[string]func(path string) error {
	return map[string]func(string) error{
		"a link":           func(path string) error { return os.Symlink(target, path) },
		"a dangling link":  func(path string) error { return os.Symlink("nowhere", path) },
		"a link to itself": func(path string) error { return os.Symlink(path, path) },
		"a directory":      func(path string) error { return os.Mkdir(path, 0o700) },
		"a pipe":           func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a device":         func(path string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|3) },
		"a socket": func(path string) error {
			l, err := net.Listen("unix", path)
			if err == nil {
				t.Cleanup(func() { _ = l.Close() })
			}
			return err
		},
	}
}

func TestOpenTakesNothingButAFile(t *testing.T) {
	target := put(t, t.TempDir(), "precious", "precious")
	for name, make := range impostors(t, target) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(shortDir(t), "file")
			if err := make(path); err != nil {
				t.Skipf("cannot make %s: %v", name, err)
			}
			for _, flags := range []int{os.O_RDONLY, os.O_RDWR | os.O_CREATE, os.O_WRONLY | os.O_CREATE | os.O_TRUNC} {
				f, err := Open(path, flags)
				if err == nil {
					_ = f.Close()
				}
				if !errors.Is(err, ErrNotRegular) || !strings.Contains(err.Error(), path) {
					t.Errorf("with flags %#x: %v", flags, err)
				}
			}
			if _, err := Read(path, 1<<20); !errors.Is(err, ErrNotRegular) {
				t.Errorf("reading it: %v", err)
			}
			holds(t, target, "precious")
		})
	}
}

// shortDir is one in which the path of a socket fits.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "f")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestOpenMakesFilesThatOnlyTheUserReads(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"missing": 0, "open to all": 0o644, "private": 0o600} {
		path := filepath.Join(dir, name)
		if mode != 0 {
			if err := os.Chmod(put(t, dir, name, "text"), mode); err != nil {
				t.Fatal(err)
			}
		}
		f, err := Open(path, os.O_RDWR|os.O_CREATE)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		hasMode(t, path, 0o600)
	}
	path := put(t, dir, "read", "text")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, 10); err != nil {
		t.Error(err)
	}
	hasMode(t, path, 0o644) // Reading changes nothing.
}

func TestReadIsBounded(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "file", "0123456789")
	if got, err := Read(path, 10); err != nil || string(got) != "0123456789" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := Read(path, 9); !errors.As(err, new(TooLargeError)) {
		t.Errorf("one byte too many: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "missing"), 9); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing one: %v", err)
	}
}
