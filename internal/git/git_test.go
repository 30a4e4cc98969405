package git

import (
	"path/filepath"
	"testing"
)

func TestTop(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a/b/.git"), "gitdir: /x")
	write(t, filepath.Join(dir, "a/b/c/d/x"), "")
	for _, below := range []string{"a/b", "a/b/c", "a/b/c/d/", "a/b/c/d/missing"} {
		if top, found := Top(filepath.Join(dir, below)); top != filepath.Join(dir, "a/b") || !found {
			t.Errorf("%s is in %q, %v", below, top, found)
		}
	}
	if IsTop(filepath.Join(dir, "a")) || !IsTop(filepath.Join(dir, "a/b")) {
		t.Error("the top is another")
	}
}

// FuzzDirs: whatever .git and commondir say, it is a path, and never seen from the
// working directory.
func FuzzDirs(f *testing.F) {
	for _, text := range []string{"gitdir: ../x", "gitdir:/x\r\n", "gitdir:", "x", "", "\x00", "gitdir: ..\ngitdir: y"} {
		f.Add(text, "../..")
		f.Add("gitdir: .", text)
	}
	f.Fuzz(func(t *testing.T, dotGit, commonDir string) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, ".git"), dotGit)
		write(t, filepath.Join(dir, "commondir"), commonDir)
		own, common := Dirs(dir)
		if !filepath.IsAbs(own) || !filepath.IsAbs(common) {
			t.Errorf("%q and %q", own, common)
		}
	})
}
