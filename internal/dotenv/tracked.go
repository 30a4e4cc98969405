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

// gitPatience bounds the one question to git.
const gitPatience = 5 * time.Second

// Tracked reports whether git tracks the file at path, or the file that it is a
// link to. Without a repository around it nothing is run; without a git program
// nothing is tracked.
func Tracked(path string) bool {
	path, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	if tracked(path) {
		return true
	}
	target, err := filepath.EvalSymlinks(path)
	return err == nil && target != path && tracked(target)
}

func tracked(path string) bool {
	dir, base := filepath.Split(path)
	if !inRepository(dir) {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), gitPatience)
	defer cancel()
	// Whoever owns the repository, the answer is wanted, and none of its
	// programs shall run for it.
	cmd := exec.CommandContext(ctx, "git", "--literal-pathspecs",
		"-c", "safe.directory=*", "-c", "core.fsmonitor=false",
		"-C", dir, "ls-files", "--error-unmatch", "--", base)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "GIT_")
	})
	return cmd.Run() == nil
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
