package git

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is one that tracks "yes", "web/yes" and "away/yes", and ignores "no".
func repository(t *testing.T, initArgs ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	t.Setenv("HOME", t.TempDir())
	run(t, dir, append([]string{"init", "-q"}, initArgs...)...)
	for _, name := range []string{"yes", "no", "web/yes", "web/no", "away/yes"} {
		write(t, filepath.Join(dir, name), name)
	}
	write(t, filepath.Join(dir, ".git/info/exclude"), "no\n")
	run(t, dir, "add", "-A")
	run(t, dir, "commit", "-q", "-m", "x")
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o700))
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// answers checks what is tracked and ignored in the checkout at dir.
func answers(t *testing.T, dir string) {
	t.Helper()
	for name, want := range map[string][2]Answer{
		"yes": {Yes, No}, "web/yes": {Yes, No}, "away/yes": {Yes, No}, "no": {No, Yes}, "web/no": {No, Yes},
		"new": {No, No}, "nowhere/no": {No, Yes}, "*": {No, No}, ":/yes": {No, No},
	} {
		path := filepath.Join(dir, name)
		if got := [2]Answer{Tracked(path), Ignored(path)}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "lhrun-git-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestEveryKindOfCheckout(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Run("a clone", func(t *testing.T) { answers(t, repository(t)) })
	t.Run("one of sha256", func(t *testing.T) { answers(t, repository(t, "--object-format=sha256")) })
	t.Run("a worktree", func(t *testing.T) {
		dir, tree := repository(t), filepath.Join(t.TempDir(), "tree")
		run(t, dir, "worktree", "add", "-q", tree)
		answers(t, tree)
	})
	t.Run("a submodule", func(t *testing.T) {
		dir, of := repository(t), repository(t)
		run(t, dir, "-c", "protocol.file.allow=always", "submodule", "-q", "add", of, "sub")
		write(t, filepath.Join(dir, ".git/modules/sub/info/exclude"), "no\n")
		answers(t, filepath.Join(dir, "sub"))
	})
	t.Run("a split index", func(t *testing.T) {
		dir := repository(t)
		run(t, dir, "update-index", "--split-index")
		write(t, filepath.Join(dir, "more"), "")
		run(t, dir, "add", "more")
		answers(t, dir)
	})
	t.Run("a sparse index", func(t *testing.T) {
		dir := repository(t)
		sparse(t, dir)
		write(t, filepath.Join(dir, ".git/info/exclude"), "no\n")
		answers(t, dir)
	})
	t.Run("another user's", func(t *testing.T) {
		dir := repository(t)
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, 12345, 12345))
		})
		if err != nil || os.Getuid() == 12345 {
			t.Skip(err)
		}
		answers(t, dir)
	})
}

func sparse(t *testing.T, dir string) {
	t.Helper()
	run(t, dir, "sparse-checkout", "init", "--cone", "--sparse-index")
	run(t, dir, "sparse-checkout", "set", "web")
}

// TestNothingThatARepositoryNamesIsRun asks about files of repositories whose
// configuration names programs that leave a file.
func TestNothingThatARepositoryNamesIsRun(t *testing.T) {
	// fetches makes git miss an object that it would get from a remote.
	fetches := func(url string) func(t *testing.T, dir, program string) {
		return func(t *testing.T, dir, program string) {
			sparse(t, dir)
			tree := run(t, dir, "rev-parse", "HEAD:away")
			if err := os.Remove(filepath.Join(dir, ".git/objects", tree[:2], tree[2:])); err != nil {
				t.Fatal(err)
			}
			for key, value := range map[string]string{
				"core.repositoryformatversion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true",
				"remote.origin.url": strings.ReplaceAll(url, "PROGRAM", program), "remote.origin.uploadpack": program,
				"core.sshCommand": program, "core.gitProxy": program, "protocol.allow": "always", "protocol.ext.allow": "always",
				"protocol.file.allow": "always", "protocol.ssh.allow": "always", "protocol.git.allow": "always",
			} {
				run(t, dir, "config", key, value)
			}
		}
	}
	set := func(key string) func(t *testing.T, dir, program string) {
		return func(t *testing.T, dir, program string) { run(t, dir, "config", key, program) }
	}
	for name, plant := range map[string]func(t *testing.T, dir, program string){
		"core.fsmonitor":   set("core.fsmonitor"),
		"core.pager":       set("core.pager"),
		"pager.ls-files":   set("pager.ls-files"),
		"an alias":         func(t *testing.T, dir, program string) { run(t, dir, "config", "alias.ls-files", "!"+program) },
		"a remote helper":  fetches("ext::PROGRAM"),
		"core.sshCommand":  fetches("ssh://localhost/x"),
		"core.gitProxy":    fetches("git://localhost/x"),
		"a remote's shell": fetches("/"),
		"a file that is included": func(t *testing.T, dir, program string) {
			write(t, filepath.Join(dir, ".git/more"), "[core]\n\tfsmonitor = "+program+"\n")
			run(t, dir, "config", "include.path", "more")
		},
		"a hook": func(t *testing.T, dir, program string) {
			for _, hook := range []string{"post-index-change", "fsmonitor-watchman", "reference-transaction"} {
				if err := os.Symlink(program, filepath.Join(dir, ".git/hooks", hook)); err != nil {
					t.Fatal(err)
				}
			}
			run(t, dir, "config", "core.fsmonitor", ".git/hooks/fsmonitor-watchman")
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, bin := repository(t), t.TempDir()
			mark, program := filepath.Join(bin, "mark"), filepath.Join(bin, "program")
			write(t, program, "#!/bin/sh\ntouch '"+mark+"'\n")
			plant(t, dir, program)
			if err := os.Remove(mark); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			for _, file := range []string{"yes", "new", "away/yes"} {
				Tracked(filepath.Join(dir, file))
				Ignored(filepath.Join(dir, file))
			}
			if _, err := os.Stat(mark); err == nil {
				t.Error("a program of the repository was run")
			}
			// Git itself runs most of them: the repository is as dangerous as it should be.
			cmd := exec.Command("git", "ls-files", "--error-unmatch", "yes")
			cmd.Dir = dir
			_ = cmd.Run()
			if _, err := os.Stat(mark); err != nil && (strings.Contains(name, "ore.fsmonitor") || strings.HasPrefix(name, "a remote") || name == "core.sshCommand") {
				t.Error("git does not run it either")
			}
		})
	}
}

func TestWhatCannotBeAsked(t *testing.T) {
	t.Run("no repository", func(t *testing.T) {
		if got := Tracked(filepath.Join(t.TempDir(), "x")); got != Nobody {
			t.Error(got)
		}
	})
	t.Run("a damaged index", func(t *testing.T) {
		dir := repository(t)
		write(t, filepath.Join(dir, ".git/index"), "this is none")
		if got := Tracked(filepath.Join(dir, "yes")); got != Unknown {
			t.Error(got)
		}
	})
	t.Run("no room for a view", func(t *testing.T) {
		dir := repository(t)
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
		if got := Tracked(filepath.Join(dir, "yes")); got != Unknown {
			t.Error(got)
		}
	})
	t.Run("no git", func(t *testing.T) {
		dir := repository(t)
		t.Setenv("PATH", t.TempDir())
		if got := Tracked(filepath.Join(dir, "yes")); got != Nobody {
			t.Error(got)
		}
	})
}
