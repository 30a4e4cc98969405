package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheSearchStaysInItsCheckout(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  string // the file; "" for none
	}{
		{"a worktree", map[string]string{"a/.git": "gitdir: /x"}, ""},
		{"a clone", map[string]string{"a/.git/HEAD": "x"}, ""},
		{"from below its top", map[string]string{".git/HEAD": "x", "a/b/.git": "gitdir: /x"}, ""},
		{"a directory above it", map[string]string{"a/.git": "gitdir: /x", "a/lhrun.toml": small}, "a/lhrun.toml"},
		{"its own top", map[string]string{".git/HEAD": "x", "a/b/c/x": ""}, "lhrun.toml"},
		{"no checkout", map[string]string{"a/.gitignore": ""}, "lhrun.toml"},
		{"its Procfile", map[string]string{"a/.git": "gitdir: /x", "a/b/c/Procfile": "web: run\n"}, "a/b/c/Procfile"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.files["lhrun.toml"] = small
			test.files["a/b/c/x"] = ""
			dir := tree(t, test.files)
			path, err := Find(Options{Dir: "a/b/c"})
			if test.want != "" {
				if want := filepath.Join(dir, test.want); err != nil || path != want {
					t.Fatalf("got %q, %v, want %q", path, err, want)
				}
				return
			}
			if !errors.Is(err, ErrNotFound) {
				t.Fatalf("got %q, %v", path, err)
			}
			for _, part := range []string{filepath.Join(dir, "lhrun.toml"), "another checkout's", "-f", "-C"} {
				if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if path, err := Find(Options{Dir: "a/b/c", File: "../../../lhrun.toml"}); err != nil || path != filepath.Join(dir, "lhrun.toml") {
				t.Errorf("named, it is %q, %v", path, err)
			}
		})
	}
}

// others is the user whose files are refused.
const others = 54321

func TestAnothersFileIsRefused(t *testing.T) {
	const own, shared = os.FileMode(0o755), os.ModeSticky | 0o777
	main, local := map[string]string{FileName: small}, map[string]string{FileName: small, LocalFileName: small}
	link, proc := map[string]string{"target": small}, map[string]string{ProcfileName: "web: run\n"}
	for _, test := range []struct {
		name   string
		files  map[string]string
		theirs []string
		mode   os.FileMode // of the directory
		o      Options
		want   string // the file that is refused
	}{
		{"above", main, []string{FileName}, own, Options{Dir: "a/b"}, FileName},
		{"above, where all keep files", main, []string{FileName}, shared, Options{Dir: "a"}, FileName},
		{"a link above", link, []string{FileName}, own, Options{Dir: "a/b"}, FileName},
		{"what a link above leads to", link, []string{"target"}, own, Options{Dir: "a/b"}, FileName},
		{"where all keep files", main, []string{FileName}, shared, Options{}, FileName},
		{"a Procfile where all keep files", proc, []string{ProcfileName}, shared, Options{}, ProcfileName},
		{"the local one", local, []string{LocalFileName}, own, Options{}, LocalFileName},
		{"the local one above", local, []string{LocalFileName}, own, Options{Dir: "a/b"}, LocalFileName},

		{"in the directory", local, []string{FileName, LocalFileName}, own, Options{}, ""},
		{"a Procfile in the directory", proc, []string{ProcfileName}, own, Options{}, ""},
		{"that is named", local, []string{FileName, LocalFileName}, shared, Options{Dir: "a", File: "../lhrun.toml"}, ""},
		{"one's own above", main, nil, shared, Options{Dir: "a/b"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree(t, test.files)
			if err := os.MkdirAll("a/b", 0o755); err != nil {
				t.Fatal(err)
			}
			if test.files["target"] != "" {
				if err := os.Symlink("target", FileName); err != nil {
					t.Fatal(err)
				}
			}
			giveAway(t, test.theirs, test.mode)
			_, err := Load(test.o)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wanted := []string{test.want + `"`, "belongs to user 54321"}
			if test.want != LocalFileName {
				wanted = append(wanted, "-f")
			}
			for _, part := range wanted {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %q in it", err, part)
				}
			}
		})
	}
}

// giveAway makes files those of another user, in a working directory of this mode.
func giveAway(t *testing.T, names []string, mode os.FileMode) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make another user's files")
	}
	for _, name := range names {
		if err := os.Lchown(name, others, others); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(".", mode); err != nil {
		t.Fatal(err)
	}
}
