package ports

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestGarbledRegistryHealsItself(t *testing.T) {
	dir := t.TempDir()
	first := newRegistry(t, dir)
	c := checkout(t, first, "shop", t.TempDir())
	q := services("api", "web")
	want := leaseOnce(t, first, c, q...)
	path := filepath.Join(dir, bookFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, garbage := range map[string]string{
		"truncated": string(whole[:bytes.IndexByte(whole, '\n')/2]),
		"empty":     "",
		"binary":    "\x00\xff\x00",
		"not ours":  `{"version":0}`,
		"huge":      strings.Repeat("x", largestBook+1),
	} {
		if err := os.WriteFile(path, []byte(garbage), 0o600); err != nil {
			t.Fatal(err)
		}
		var told []string
		r, err := Open(Options{StateDir: dir, Range: testRange, Warn: func(s string) { told = append(told, s) }})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := leaseOnce(t, r, checkout(t, r, "shop", c.Dir), q...); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v became %v", name, want, got)
		}
		if len(told) != 1 || !strings.Contains(told[0], brokenFile) || strings.Contains(told[0], "\n") {
			t.Errorf("%s: told %q", name, told)
		}
		kept, err := os.ReadFile(filepath.Join(dir, brokenFile))
		if err != nil || string(kept) != garbage {
			t.Errorf("%s: what was there is not kept (%v)", name, err)
		}
	}
}

func TestRegistryThatCannotBeReadNowIsNoDamage(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	if err := os.Chmod(r.store.path(bookFile), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(r.store.path(bookFile)); err == nil {
		t.Skip("this user may read everything")
	}
	if _, err := r.Peek(c, services("a")); err == nil || !strings.Contains(err.Error(), bookFile) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(r.store.path(brokenFile)); err == nil {
		t.Error("it was put aside")
	}
}

func TestAnythingInTheRegistrysPlaceIsPutAside(t *testing.T) {
	r := newRegistry(t)
	subdir(t, r.store.path(bookFile))
	leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("a")...)
	if info, err := os.Stat(r.store.path(brokenFile)); err != nil || !info.IsDir() {
		t.Errorf("it is %v, %v", info, err)
	}
}

func TestRegistryOfANewerVersionIsLeftAlone(t *testing.T) {
	r := newRegistry(t)
	path := r.store.path(bookFile)
	if err := os.WriteFile(path, []byte(`{"version":2,"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Checkout("shop", t.TempDir()); !errors.Is(err, errNewer) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || !strings.Contains(string(data), "keys") {
		t.Errorf("it was changed to %q (%v)", data, err)
	}
}

func TestStateDirThatCannotBeWrittenIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", file)
	_, err := Open(Options{})
	if err == nil {
		t.Fatal("opened")
	}
	for _, want := range []string{filepath.Join(file, "lhrun"), "XDG_STATE_HOME"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not name %s", err, want)
		}
	}
}

func TestStateDirComesFromTheEnvironment(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct{ xdg, home, want string }{
		{home, "", filepath.Join(home, "lhrun")},
		{"", home, filepath.Join(home, ".local", "state", "lhrun")},
		{"relative", home, filepath.Join(home, ".local", "state", "lhrun")},
		{"", "", ""},
	} {
		t.Setenv("XDG_STATE_HOME", c.xdg)
		t.Setenv("HOME", c.home)
		got, err := StateDir()
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%+v: got %q, %v", c, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), "XDG_STATE_HOME") {
			t.Errorf("%v names no way out", err)
		}
	}
}

func TestOpenRefusesABadRange(t *testing.T) {
	if _, err := Open(Options{StateDir: t.TempDir(), Range: Range{3, 2}}); err == nil {
		t.Error("opened")
	}
}

func TestRegistryIsForItsUserOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	r := newRegistry(t, dir)
	leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("api")...)
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("%v is there, %v", files, err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, bookFile): 0o600, filepath.Join(dir, lockFile): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s is %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestRegistryDoesNotFollowSymlinksOut(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "precious")
	text := `{"version":1,"checkouts":[]}`
	for _, name := range []string{bookFile, bookFile + ".new"} {
		if err := os.WriteFile(outside, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		r := newRegistry(t)
		if err := os.Symlink(outside, r.store.path(name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
		leaseOnce(t, r, checkout(t, r, "shop", t.TempDir()), services("api")...)
		if data, err := os.ReadFile(outside); err != nil || string(data) != text {
			t.Errorf("%s: the file outside became %q, %v", name, data, err)
		}
		if info, err := os.Lstat(r.store.path(bookFile)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: the registry is %v, %v", name, info, err)
		}
	}
	state := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(state, lockFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{StateDir: state}); err == nil {
		t.Error("the lock file may be a link")
	}
}

func TestALineThatWasNotWrittenWholeIsGoneWithTheNextChange(t *testing.T) {
	var told []string
	r, err := Open(Options{StateDir: t.TempDir(), Range: testRange, Warn: func(s string) { told = append(told, s) }})
	if err != nil {
		t.Fatal(err)
	}
	c := checkout(t, r, "shop", t.TempDir())
	want := leaseOnce(t, r, c, services("api", "web")...)
	f, err := os.OpenFile(r.store.path(bookFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n{\"project\":\"sho"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := leaseOnce(t, r, c, services("api", "web")...); !reflect.DeepEqual(got, want) {
		t.Errorf("%v became %v", want, got)
	}
	leaseOnce(t, r, checkout(t, r, "blog", t.TempDir()), services("api")...)
	if got := leaseOnce(t, r, c, services("api", "web")...); !reflect.DeepEqual(got, want) || len(told) != 0 {
		t.Errorf("%v became %v; told %q", want, got, told)
	}
	data, err := os.ReadFile(r.store.path(bookFile))
	if _, ok := readBook(data, &numbers{}); !ok || err != nil {
		t.Errorf("the file is %s, %v", data, err)
	}
}

func TestReadersSeeTheOldBookOrTheNewOne(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	done := make(chan error)
	go func() {
		for i := range 50 {
			if _, err := r.Peek(c, services(fmt.Sprint("s", i))); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if b, err := r.store.read(); err != nil || b.find("shop", c.Dir) == nil {
				t.Errorf("read %v, %v", b, err)
			}
		}
	}
}
