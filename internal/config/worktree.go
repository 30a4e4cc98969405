package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// worktreeNotices says where the main checkout has a .env that this worktree lacks:
// git does not copy an ignored file into a new worktree.
func (r *resolver) worktreeNotices() []string {
	var lines []string
	for _, file := range r.project.EnvFiles {
		if !file.Optional || slices.ContainsFunc(r.read, func(f fileRead) bool { return f.path == file.Path && len(f.entries) > 0 }) {
			continue
		}
		dir, ok := mainCheckout(filepath.Dir(file.Path))
		path := filepath.Join(dir, filepath.Base(file.Path))
		if !ok || !isRegular(path) {
			continue
		}
		if theirs, _ := r.parseFile(path, dotenv.Scope{}); theirs != nil && len(theirs.Entries) > 0 {
			lines = append(lines, fmt.Sprintf("%s: this worktree has no variables in it, unlike %s of the main checkout: copy or link it",
				shown(file.Path), path))
		}
	}
	return lines
}

// mainCheckout returns the directory of the repository's main checkout that
// corresponds to dir, which is in a linked git worktree.
func mainCheckout(dir string) (string, bool) {
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Lstat(filepath.Join(root, ".git")); err == nil {
			main, ok := mainWorktree(root)
			rel, err := filepath.Rel(root, dir)
			return filepath.Join(main, rel), ok && err == nil
		}
		if root == filepath.Dir(root) {
			return "", false
		}
	}
}

// mainWorktree returns the root of the main checkout of the linked worktree at root:
// .git names its git directory, whose commondir names the repository's.
func mainWorktree(root string) (string, bool) {
	text, _ := os.ReadFile(filepath.Join(root, ".git")) // Fails on the directory of a main checkout.
	line, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir:")
	if !ok {
		return "", false
	}
	gitDir := seenFrom(root, line)
	text, err := os.ReadFile(filepath.Join(gitDir, "commondir"))
	if err != nil {
		return "", false
	}
	common := seenFrom(gitDir, string(text))
	return filepath.Dir(common), filepath.Base(common) == ".git"
}

// seenFrom returns a path out of one of git's files, absolute; dir is where it is
// relative to.
func seenFrom(dir, path string) string {
	if path = strings.TrimSpace(path); filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
