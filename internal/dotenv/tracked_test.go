package dotenv

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lhrun/lhrun/internal/git"
)

// repository is a git repository that tracks "yes", "*" and "web/yes".
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"yes", "no", "*", "web/yes", "web/no"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	runGit(t, dir, "init", "-q")
	runGit(t, dir, "--literal-pathspecs", "add", "yes", "*", "web/yes")
	return dir
}

func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func TestTracked(t *testing.T) {
	dir := repository(t)
	for name, to := range map[string]string{"link": "yes", "loose": "no", "dir": "web"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]bool{
		"yes": true, "no": false, "missing": false, "*": true, "?": false, ":/yes": false,
		"web/yes": true, "web/no": false, "nowhere/no": false,
		"link": true, "loose": false, "dir/yes": true, "dir/no": false,
	} {
		if got := Tracked(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if err := os.Remove(filepath.Join(dir, "yes")); err != nil {
		t.Fatal(err)
	}
	if !Tracked(filepath.Join(dir, "yes")) {
		t.Error("a tracked file that is deleted is not tracked")
	}
}

func TestExposed(t *testing.T) {
	dir := repository(t)
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*.env\n/web/*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"link": "no", "hidden.env": "no", "away": filepath.Join(t.TempDir(), "x")} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]bool{
		"no": true, "missing": true, "a.env": false, "web/no": false, "web/missing": false,
		"link": true, "hidden.env": true, "away": true,
	} {
		if got := Exposed(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if Exposed(filepath.Join(t.TempDir(), "x")) {
		t.Error("outside of a repository")
	}
	t.Setenv("PATH", "")
	if Exposed(filepath.Join(dir, "no")) {
		t.Error("without git")
	}
}

func TestTrackedIgnoresGitVariables(t *testing.T) {
	dir, other := repository(t), repository(t)
	t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
	t.Setenv("GIT_WORK_TREE", other)
	runGit(t, other, "rm", "-q", "--cached", "yes")
	if !Tracked(filepath.Join(dir, "yes")) {
		t.Error("GIT_DIR was believed")
	}
	if Tracked(filepath.Join(t.TempDir(), "web/yes")) {
		t.Error("GIT_DIR makes a repository of any directory")
	}
}

// Root in a container often works in somebody else's checkout.
func TestTrackedInAnotherUsersRepository(t *testing.T) {
	dir := repository(t)
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, 12345, 12345))
	})
	if err != nil || os.Getuid() == 12345 {
		t.Skip(err)
	}
	if !Tracked(filepath.Join(dir, "yes")) || Tracked(filepath.Join(dir, "no")) {
		t.Error("its owner decides whether its files are tracked")
	}
}

func TestTrackedInAWorktree(t *testing.T) {
	dir := repository(t)
	runGit(t, dir, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "-m", "x")
	tree := filepath.Join(t.TempDir(), "tree")
	runGit(t, dir, "worktree", "add", "-q", tree)
	if !Tracked(filepath.Join(tree, "yes")) || Tracked(filepath.Join(tree, "no")) {
		t.Error("a worktree's files are not known")
	}
}

func TestTrackedRunsNothingOutsideOfARepository(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	mark := filepath.Join(bin, "ran")
	script := "#!/bin/sh\ntouch '" + mark + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	if _, found := git.Top(dir); found {
		t.Skip("the temporary directory is in a repository")
	}
	if Tracked(filepath.Join(dir, ".env")) {
		t.Error("tracked")
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("git was run")
	}
}

func TestNothingIsTrackedWithoutGit(t *testing.T) {
	dir := repository(t)
	t.Setenv("PATH", t.TempDir())
	if Tracked(filepath.Join(dir, "yes")) {
		t.Error("tracked")
	}
}
