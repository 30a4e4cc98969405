package trust

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// newMachine is a home without anything in it, a system without roots, and the place of
// an authority.
func newMachine(t *testing.T) (m machine, dir string) {
	t.Helper()
	base := t.TempDir()
	home := filepath.Join(base, "home")
	fill(t, filepath.Join(base, "system", "etc", "hosts"), "")
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	return machine{
		home: home, config: filepath.Join(home, ".config"), data: filepath.Join(home, ".local", "share"),
		root: filepath.Join(base, "system"), os: "linux",
	}, filepath.Join(base, "state", "trust")
}

// newDir is the place of an authority that is not there yet.
func newDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "trust")
}

func fill(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// program puts a shell script in front of PATH.
func program(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
}

// said collects verdicts by the store's path.
type said map[string]Verdict

func (s said) add(v Verdict) { s[v.Path] = v }

func (m machine) mustInstall(t *testing.T, dir string) (*Authority, said) {
	t.Helper()
	verdicts := said{}
	a, err := m.install(context.Background(), dir, verdicts.add)
	if err != nil {
		t.Fatal(err)
	}
	return a, verdicts
}

func (m machine) mustRemove(t *testing.T, dir string) (left bool, verdicts said) {
	t.Helper()
	verdicts = said{}
	left, err := m.remove(context.Background(), dir, verdicts.add)
	if err != nil {
		t.Fatal(err)
	}
	return left, verdicts
}

func has(t *testing.T, v Verdict, in bool, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(v.Text+"\n"+v.Hint, text) {
			t.Errorf("%s (%s) says %q, %q; want %q", v.Store, v.Path, v.Text, v.Hint, text)
		}
	}
	if v.In != in {
		t.Errorf("%s (%s) is in: %v, %s", v.Store, v.Path, v.In, v.Text)
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

func stat(t *testing.T, path string) fs.FileInfo {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
