package config

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/git"
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
	top, found := git.Top(dir)
	if !found {
		return "", false
	}
	own, common := git.Dirs(top)
	rel, err := filepath.Rel(top, dir)
	return filepath.Join(filepath.Dir(common), rel), own != common && filepath.Base(common) == ".git" && err == nil
}
