package trust

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestASourceFollowsInstallAndRemove(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	m, dir := newMachine(t)
	s := NewSource(dir)
	if _, err := s.Leaf("localhost"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before: %v", err)
	}
	first, _ := m.mustInstall(t, dir)
	leaf, err := s.Leaf("localhost")
	if err != nil || first.verify(leaf, "localhost") != nil {
		t.Fatalf("after Install: %v", err)
	}
	if again, _ := s.Leaf("localhost"); again != leaf {
		t.Error("it was issued twice")
	}
	if err := os.Remove(filepath.Join(dir, authorityFile)); err != nil {
		t.Fatal(err)
	}
	second, _ := m.mustInstall(t, dir)
	if leaf, err = s.Leaf("localhost"); err != nil || second.verify(leaf, "localhost") != nil {
		t.Errorf("after another Install: %v", err)
	}
	m.mustRemove(t, dir)
	if _, err := s.Leaf("localhost"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
}
