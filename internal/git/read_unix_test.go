//go:build unix

package git

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// What stands for a text may be anything, and is never read for ever.
func TestReadTakesOnlyFiles(t *testing.T) {
	dir := t.TempDir()
	pipe, large := filepath.Join(dir, "pipe"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	write(t, large, "x")
	if err := os.Truncate(large, 8<<30); err != nil {
		t.Skip(err)
	}
	begun := time.Now()
	for path, want := range map[string]int{pipe: 0, dir: 0, "/dev/zero": 0, large: maxFile, filepath.Join(dir, "missing"): 0} {
		if got := Read(path); len(got) != want {
			t.Errorf("%s: %d bytes", path, len(got))
		}
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
