//go:build unix

package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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

func TestInstanceDirIsPrivateAllTheWay(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_STATE_HOME", home)
	elsewhere := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(home, "lhrun")); err != nil {
		t.Skip(err)
	}
	if err := os.Mkdir(filepath.Join(elsewhere, "projects"), 0o755); err != nil {
		t.Fatal(err)
	}
	got, err := InstanceDir("shop", "main")
	if want := filepath.Join(elsewhere, "projects/shop/main"); got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, dir := range []string{"", "projects", "projects/shop", "projects/shop/main"} {
		hasMode(t, filepath.Join(elsewhere, dir), fs.ModeDir|0o700)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(elsewhere, "projects/blog")); err != nil {
		t.Fatal(err)
	}
	if _, err := InstanceDir("blog", "main"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("below a link: %v", err)
	}
}

func TestSocketsAreInTheRuntimeDirectoryOfThisUser(t *testing.T) {
	home, runtime := t.TempDir(), t.TempDir()
	t.Setenv("XDG_STATE_HOME", home)
	state := filepath.Join(home, "lhrun")
	for env, first := range map[string]string{
		runtime: filepath.Join(runtime, "lhrun"), "": state, "relative": state, filepath.Join(home, "missing"): state,
		put(t, home, "file", ""): state,
	} {
		t.Setenv("XDG_RUNTIME_DIR", env)
		dirs, err := RuntimeDirs()
		if err != nil || dirs[0] != first || !slices.Contains(dirs, state) {
			t.Errorf("XDG_RUNTIME_DIR=%q: %q, %v", env, dirs, err)
		}
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(runtime, 65534, 65534); err != nil {
		t.Skip(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	if dirs, err := RuntimeDirs(); err != nil || slices.Contains(dirs, filepath.Join(runtime, "lhrun")) {
		t.Errorf("with another user's: %q, %v", dirs, err)
	}
}
