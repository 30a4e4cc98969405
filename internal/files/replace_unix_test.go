//go:build unix

package files

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/testmount"
)

func TestReplaceTakesThePlaceOfAnything(t *testing.T) {
	target := put(t, t.TempDir(), "precious", "precious")
	for name, make := range impostors(t, target) {
		for _, place := range []string{"file", "file.new"} {
			t.Run(name+" as "+place, func(t *testing.T) {
				dir := shortDir(t)
				if err := make(filepath.Join(dir, place)); err != nil {
					t.Skipf("cannot make %s: %v", name, err)
				}
				if err := Replace(filepath.Join(dir, "file"), []byte("text")); err != nil {
					t.Fatal(err)
				}
				holds(t, filepath.Join(dir, "file"), "text")
				hasMode(t, filepath.Join(dir, "file"), 0o600)
				if name == "a directory" && place == "file" {
					onlyThese(t, dir, "file", "file.broken") // There may be files in it.
				} else {
					onlyThese(t, dir, "file")
				}
				holds(t, target, "precious")
			})
		}
	}
}

func TestReadersSeeTheOldContentOrTheNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	contents := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 50_000)}
	if err := Replace(path, []byte(contents[0])); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		var err error
		for i := range 200 {
			err = errors.Join(err, Replace(path, []byte(contents[i%2])))
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if got, err := Read(path, 1<<20); err != nil || !slices.Contains(contents, string(got)) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		}
	}
}

func TestAFullDiskLeavesTheOldContent(t *testing.T) {
	dir := t.TempDir()
	testmount.Small(t, dir)
	path := put(t, dir, "file", "old")
	most := []byte(strings.Repeat("x", 2<<20))
	if err := Replace(path, most); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Replace: %v", err)
	}
	if _, err := Stage(path, most, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Stage: %v", err)
	}
	holds(t, path, "old")
	onlyThese(t, dir, "file")
}

func TestStagedContentKeepsTheModeOfWhatItReplaces(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "file", "old")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Stage(path, []byte("new"), info)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, path, "old")
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	s.Discard() // It must not take away what is committed.
	holds(t, path, "new")
	hasMode(t, path, 0o640)
	onlyThese(t, dir, "file")

	fresh, err := Stage(filepath.Join(dir, "fresh"), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh.Commit(); err != nil {
		t.Fatal(err)
	}
	hasMode(t, filepath.Join(dir, "fresh"), 0o600)
}

func TestManyMayStageOneFileAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s, err := Stage(path, []byte(strings.Repeat("x", 1000)), nil)
			if err != nil {
				t.Error(err)
				return
			}
			if i%2 == 0 {
				s.Discard()
			} else if err := s.Commit(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	holds(t, path, strings.Repeat("x", 1000))
	onlyThese(t, dir, "file")
}
