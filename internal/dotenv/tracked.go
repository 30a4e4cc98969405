package dotenv

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// gitPatience bounds one question to git.
const gitPatience = 5 * time.Second

// Tracked reports whether git tracks the file at path, or the file that it is a
// link to. Without a repository around it nothing is run; without a git program
// nothing is tracked.
func Tracked(path string) bool {
	return ofFileOrTarget(path, func(path string) bool { return askGit(path, "--literal-pathspecs", "ls-files", "--error-unmatch") == 0 })
}

// Exposed reports whether `git add -A` would take a file at path, which git does not
// track, into the repository around it: nothing ignores it. It need not be there yet.
func Exposed(path string) bool {
	const notIgnored = 1
	return ofFileOrTarget(path, func(path string) bool { return askGit(path, "check-ignore", "-q") == notIgnored })
}

// ofFileOrTarget reports whether is says so of path, or of what it is a link to.
func ofFileOrTarget(path string, is func(path string) bool) bool {
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	if is(path) {
		return true
	}
	target, err := filepath.EvalSymlinks(path)
	return err == nil && target != path && is(target)
}

// askGit returns the exit code of a git command about the file at path, -1 where
// there is no repository or no git.
func askGit(path string, command ...string) int {
	dir, base := filepath.Split(path)
	if !inRepository(dir) {
		return -1
	}
	ctx, cancel := context.WithTimeout(context.Background(), gitPatience)
	defer cancel()
	// Whoever owns the repository, the answer is wanted, and none of its
	// programs shall run for it.
	args := []string{"-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", dir}
	cmd := exec.CommandContext(ctx, "git", slices.Concat(args, command, []string{"--", "./" + base})...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "GIT_")
	})
	if err := cmd.Run(); cmd.ProcessState == nil || err != nil && !cmd.ProcessState.Exited() {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// inRepository looks for .git from dir upwards.
func inRepository(dir string) bool {
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
