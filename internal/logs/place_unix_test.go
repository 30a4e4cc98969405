//go:build unix

package logs

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/testmount"
)

// strangers are what may lie where a file of the store's belongs.
var strangers = map[string]func(path string) error{
	"directory": func(path string) error { return os.Mkdir(path, 0o700) },
	"pipe":      func(path string) error { return syscall.Mkfifo(path, 0o600) },
	"link": func(path string) error {
		return os.Symlink(filepath.Join(filepath.Dir(filepath.Dir(path)), "victim"), path)
	},
	"device": func(path string) error { return os.Symlink("/dev/null", path) },
	"socket": func(path string) error {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		defer syscall.Close(fd)
		return syscall.Bind(fd, &syscall.SockaddrUnix{Name: path})
	},
}

func TestWhateverIsInThePlaceOfAFileIsRemoved(t *testing.T) {
	for _, place := range []string{"lock", "runs", "runs.new", "api.log", "api.idx", segmentName("api", 0) + ".log", segmentName("api", 0) + ".idx"} {
		for kind, put := range strangers {
			t.Run(place+" "+kind, func(t *testing.T) {
				base, err := os.MkdirTemp("", "lhrun") // the name of a socket is short
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.RemoveAll(base) })
				victim := filepath.Join(base, "victim")
				if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
					t.Fatal(err)
				}
				dir := filepath.Join(base, "logs")
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := put(filepath.Join(dir, place)); err != nil {
					t.Skip(err)
				}
				var told []string
				s := openStore(t, dir, StoreOptions{MaxSize: minMaxSize, Note: func(text string) { told = append(told, text) }})
				newRun(t, s, "run", noon)
				l := openLog(t, s, "api")
				line := strings.Repeat("x", 999) + "\n"
				for range 40 { // more than a segment
					if err := l.append(noon, []byte(line)); err != nil {
						t.Fatal(err)
					}
				}
				if got := readAll(t, s, "api", Query{}); len(got) != 40 {
					t.Errorf("%d lines", len(got))
				}
				quiet := place == "runs.new" || place == segmentName("api", 0)+".idx" // removed anyway
				if len(told) != 1 && !quiet || len(s.Runs()) != 1 {
					t.Errorf("told %q, %d runs", told, len(s.Runs()))
				}
				if data, _ := os.ReadFile(victim); string(data) != "precious" {
					t.Errorf("what the link leads to is now %q", data)
				}
			})
		}
	}
}

func TestADirectoryWithSomethingInItIsNamedAndNotRemoved(t *testing.T) {
	for _, place := range []string{"lock", "runs", "api.log", "api.idx", segmentName("api", 0) + ".log"} {
		dir := t.TempDir()
		path := filepath.Join(dir, place)
		if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
		s := openStore(t, dir, StoreOptions{MaxSize: minMaxSize})
		err := s.NewRun("run", noon)
		if l, lerr := s.Log("api"); err == nil && lerr == nil {
			err = l.append(noon, []byte(strings.Repeat("x", 40_000)))
		}
		if err == nil || !strings.Contains(err.Error(), path+" is in the way of a file: remove it") {
			t.Errorf("%s: got %v", place, err)
		}
		if _, err := os.Stat(filepath.Join(path, "inside")); err != nil {
			t.Error(err)
		}
	}
}

func TestReadingNeedsNoRightToWrite(t *testing.T) {
	base := t.TempDir()
	testmount.Small(t, base)
	dir := filepath.Join(base, "logs")
	s := openStore(t, dir, StoreOptions{})
	newRun(t, s, "run", noon)
	add(t, openLog(t, s, "api"), noon, "line\n")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	testmount.ReadOnly(t, base)
	s = openStore(t, dir, StoreOptions{})
	equal(t, readAll(t, s, "api", Query{}), "line")
	if names, err := s.Services(); err != nil || len(names) != 1 || len(s.Runs()) != 1 {
		t.Errorf("%q, %d runs, %v", names, len(s.Runs()), err)
	}
	if err := s.NewRun("next", noon.Add(time.Hour)); err == nil {
		t.Error("it was written to")
	}
	none := openStore(t, filepath.Join(base, "none"), StoreOptions{})
	if names, err := none.Services(); err != nil || len(names) != 0 || len(readAll(t, none, "api", Query{})) != 0 {
		t.Errorf("where there is none: %q, %v", names, err)
	}
}
