package dotenv

import (
	"path/filepath"

	"github.com/lhrun/lhrun/internal/git"
)

// Tracked reports whether git tracks the file at path, or the file that it is a
// link to. Without a repository around it nothing is run; without a git program
// nothing is tracked. Where git cannot say, the file is taken for a tracked one.
func Tracked(path string) bool {
	return ofFileOrTarget(path, func(path string) bool {
		answer := git.Tracked(path)
		return answer == git.Yes || answer == git.Unknown
	})
}

// Exposed reports whether `git add -A` would take a file at path, which git does not
// track, into the repository around it: nothing ignores it. It need not be there yet.
func Exposed(path string) bool {
	return ofFileOrTarget(path, func(path string) bool { return git.Ignored(path) == git.No })
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
