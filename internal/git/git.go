// Package git asks git about files, and runs nothing that a repository names: anybody
// may have written its configuration.
package git

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// dotGit marks the top of a checkout: the git directory, or in linked worktrees and
// submodules a file that names it.
const dotGit = ".git"

// IsTop reports whether dir is the top of a checkout: a clone, a linked worktree or a
// submodule.
func IsTop(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, dotGit))
	return err == nil
}

// Top returns the top of the checkout around dir, and whether there is one.
func Top(dir string) (string, bool) {
	for dir = filepath.Clean(dir); ; dir = filepath.Dir(dir) {
		if IsTop(dir) {
			return dir, true
		}
		if dir == filepath.Dir(dir) {
			return "", false
		}
	}
}

// Dirs returns the git directory of the checkout at top, which holds its index, and
// the one that all checkouts of the repository share.
func Dirs(top string) (own, common string) {
	own = filepath.Join(top, dotGit)
	if line, ok := strings.CutPrefix(firstLine(own), "gitdir:"); ok {
		own = seenFrom(top, line)
	}
	common = own
	if line := firstLine(filepath.Join(own, "commondir")); line != "" {
		common = seenFrom(own, line)
	}
	return own, common
}

func seenFrom(dir, path string) string {
	if path = strings.TrimSpace(path); filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

func firstLine(path string) string {
	line, _, _ := strings.Cut(string(Read(path)), "\n")
	return strings.TrimSpace(line)
}

// maxFile bounds what is read of one file of git's.
const maxFile = 1 << 20

// Read returns the beginning of one of git's text files, nothing of what is no regular
// file: a pipe or a device in its place would be read for ever.
func Read(path string) []byte {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	data, _ := io.ReadAll(io.LimitReader(f, maxFile))
	return data
}
