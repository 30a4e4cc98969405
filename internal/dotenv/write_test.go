//go:build unix

package dotenv

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func mustPlan(t *testing.T, path string, vars ...Pair) *Change {
	t.Helper()
	c, err := Plan(path, vars)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// onlyThese fails when dir holds anything but names: no temporary file is left.
func onlyThese(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("the directory holds %q, not %q", got, names)
	}
}

func TestWriteKeepsTheMode(t *testing.T) {
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o600, 0o644, 0o664, 0o640, 0o400, 0o777} {
		path := filepath.Join(dir, ".env")
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte("X=1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := Write(dir, mustPlan(t, path, Pair{"A", "1"})); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != mode {
			t.Errorf("mode %v became %v, %v", mode, info.Mode(), err)
		}
	}
	onlyThese(t, dir, ".env")
}

func TestANewFileIs0600WhateverTheUmask(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".env")
	if err := Write(dir, mustPlan(t, path, Pair{"A", "1"})); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestWriteKeepsTheOwner(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	path := put(t, "X=1\n")
	if err := os.Chown(path, 12345, 54321); err != nil {
		t.Skip(err)
	}
	if err := Write(filepath.Dir(path), mustPlan(t, path, Pair{"A", "1"})); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := info.Sys().(*syscall.Stat_t); s.Uid != 12345 || s.Gid != 54321 {
		t.Errorf("now it is %d:%d", s.Uid, s.Gid)
	}
}

func TestUntouchedWhenNothingChanged(t *testing.T) {
	path := put(t, "")
	dir := filepath.Dir(path)
	if err := Write(dir, mustPlan(t, path, Pair{"A", "1"})); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(path)
	if err := Write(dir, mustPlan(t, path, Pair{"A", "1"})); err != nil {
		t.Fatal(err)
	}
	after, _ := os.Stat(path)
	if !os.SameFile(before, after) || !after.ModTime().Equal(old) {
		t.Errorf("%v became %v", before, after)
	}
}

func TestAllFilesOrNone(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, second string){
		"changed meanwhile": func(t *testing.T, second string) {
			if err := os.WriteFile(second, []byte("Y=other\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"gone meanwhile": func(t *testing.T, second string) {
			if err := os.Remove(second); err != nil {
				t.Fatal(err)
			}
		},
		"its directory gone": func(t *testing.T, second string) {
			if err := os.RemoveAll(filepath.Dir(second)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sub := filepath.Join(dir, "web")
			if err := os.Mkdir(sub, 0o700); err != nil {
				t.Fatal(err)
			}
			first, second := filepath.Join(dir, ".env"), filepath.Join(sub, ".env.local")
			for _, path := range []string{first, second} {
				if err := os.WriteFile(path, []byte("Y=1\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			one, two := mustPlan(t, first, Pair{"A", "1"}), mustPlan(t, second, Pair{"A", "1"})
			spoil(t, second)
			err := Write(dir, one, two)
			if err == nil || !strings.Contains(err.Error(), strconv.Quote(second)) {
				t.Errorf("error %v", err)
			}
			if got := read(t, first); got != "Y=1\n" {
				t.Errorf("the first file is %q", got)
			}
			if _, err := os.Stat(sub); err == nil {
				onlyThese(t, dir, ".env", "web")
			} else {
				onlyThese(t, dir, ".env")
			}
		})
	}
}

// A rename can fail after others went through. Here its temporary file is gone.
func TestAFailedStepUndoesTheOnesBefore(t *testing.T) {
	dir := t.TempDir()
	old, fresh, bad := filepath.Join(dir, "old"), filepath.Join(dir, "fresh"), filepath.Join(dir, "bad")
	if err := os.WriteFile(old, []byte("X=1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(old, 0o640); err != nil {
		t.Fatal(err)
	}
	var staged []*stagedFile
	for _, path := range []string{old, fresh, bad} {
		s, err := stage(dir, mustPlan(t, path, Pair{"A", "1"}))
		if err != nil {
			t.Fatal(err)
		}
		staged = append(staged, s)
	}
	staged[2].next.Discard()
	if err := commitAll(staged); err == nil || !strings.Contains(err.Error(), strconv.Quote(bad)) {
		t.Errorf("error %v", err)
	}
	if got := read(t, old); got != "X=1\n" {
		t.Errorf("the file is %q", got)
	}
	if info, _ := os.Stat(old); info.Mode() != 0o640 {
		t.Errorf("its mode is %v", info.Mode())
	}
	onlyThese(t, dir, "old")
}

func TestRemoveTakesTheBlockOut(t *testing.T) {
	path := put(t, "X=1")
	dir := filepath.Dir(path)
	if err := Write(dir, mustPlan(t, path, Pair{"A", "1"})); err != nil {
		t.Fatal(err)
	}
	if was, err := Remove(dir, path); !was || err != nil {
		t.Errorf("%v, %v", was, err)
	}
	if got := read(t, path); got != "X=1" {
		t.Errorf("the file is %q", got)
	}
	if was, err := Remove(dir, path); was || err != nil {
		t.Errorf("a second time: %v, %v", was, err)
	}
}

func TestRemoveDeletesAFileThatHeldNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, ".env")
	if err := Write(dir, mustPlan(t, path, Pair{"A", "1"})); err != nil {
		t.Fatal(err)
	}
	if was, err := Remove(dir, path); !was || err != nil {
		t.Errorf("%v, %v", was, err)
	}
	onlyThese(t, dir)
	if was, err := Remove(dir, path); was || err != nil {
		t.Errorf("a second time: %v, %v", was, err)
	}
}

func TestTwoWritersNeverMakeAHalfFile(t *testing.T) {
	path := put(t, "X=1\n")
	dir := filepath.Dir(path)
	write := func(fill string) {
		for range 50 {
			c, err := Plan(path, []Pair{{"A", strings.Repeat(fill, 8<<10)}})
			if err != nil {
				t.Error(err)
				return
			}
			// That the other one came first is a fine reason not to write.
			if err := Write(dir, c); err != nil && !strings.Contains(err.Error(), "somebody else") {
				t.Error(err)
			}
		}
	}
	var writers sync.WaitGroup
	writers.Go(func() { write("a") })
	writers.Go(func() { write("b") })
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		text := read(t, path)
		if text == "X=1\n" {
			continue
		}
		found, bad := findBlock("f", text)
		size := len(beginMarker+endMarker+"\nA=\n") + 8<<10
		if bad != nil || found.end-found.start != size || !strings.HasPrefix(text, "X=1\n") {
			t.Fatalf("half a file: %v %v, %.60q", found, bad, text)
		}
	}
	onlyThese(t, dir, ".env")
}
