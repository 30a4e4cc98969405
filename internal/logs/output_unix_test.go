//go:build unix

package logs

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/internal/testmount"
)

// scarce is a disk with so much room, or a pipe that fails so.
type scarce struct {
	bytes.Buffer
	room int
	err  error
}

func (s *scarce) Write(p []byte) (int, error) {
	if len(p) <= s.room {
		s.room -= len(p)
		return s.Buffer.Write(p)
	}
	n, _ := s.Buffer.Write(p[:s.room])
	s.room = 0
	return n, &os.PathError{Op: "write", Path: "out", Err: s.err}
}

func TestAFullDiskIsWaitedForAndTheGapIsTold(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		synctest.Test(t, func(t *testing.T) {
			disk := &scarce{room: 26, err: errno}
			c := NewConsole(disk, ConsoleOptions{Names: []string{"api"}})
			told := make(chan error, 10)
			c.OnFull(func(err error) { told <- err })
			lines(t, c, "api", "one\n")
			lines(t, c, "api", "two is torn\n") // of its 20 bytes 14 find room
			lines(t, c, "api", "three\n")
			synctest.Wait()
			if len(told) != 1 || !errors.Is(<-told, errno) {
				t.Errorf("told %d times", len(told))
			}
			disk.room = 10
			time.Sleep(retryEvery)
			lines(t, c, "api", "four\n")
			disk.room = 1000
			lines(t, c, "api", "five\n") // too early
			time.Sleep(retryEvery)
			lines(t, c, "api", "six\n")
			want := "^api   \\| one\napi   \\| two is\n(lhrun \\| \\d*)?\n?lhrun \\| (\\d+) bytes are missing here: " + errno.Error() + "\napi   \\| six\n$"
			m := regexp.MustCompile(want).FindStringSubmatch(disk.String())
			if m == nil || m[2] != "46" {
				t.Errorf("got %q", disk.String())
			}
			if isClosed(c.Failed()) || c.Close() != nil {
				t.Error("it has failed for good")
			}
			disk.room = 0
			lines(t, c, "api", "seven\n")
			synctest.Wait()
			if len(told) != 1 {
				t.Errorf("the next time is told %d times", len(told))
			}
		})
	}
}

func TestAFullDiskStopsNoJSONEither(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &scarce{err: syscall.ENOSPC}
		j := NewJSON(disk)
		if err := j.Lines("api", noon, []byte("one\n")); err != nil {
			t.Fatal(err)
		}
		disk.room = 1000
		time.Sleep(retryEvery)
		_ = j.Lines("api", noon, []byte("two\n"))
		got := strings.Split(disk.String(), "\n")
		if len(got) != 3 || !strings.Contains(got[0], "bytes are missing here") || !strings.Contains(got[1], `"two"`) {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnOutputThatBecameNonBlockingIsWaitedFor(t *testing.T) {
	r, w := pipe(t)
	defer r.Close()
	fd := int(w.Fd()) // a file that Go takes for a blocking one
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	want := strings.Repeat("a line that fills the pipe\n", 20_000)
	c := NewConsole(w, ConsoleOptions{Bare: true})
	got := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(r)
		got <- string(all)
	}()
	lines(t, c, "api", want)
	_ = w.Close()
	if text := <-got; text != want || c.Err() != nil {
		t.Errorf("%d bytes of %d, %v", len(text), len(want), c.Err())
	}
}

// What the disk is for the sink it may be for the store, and need not.
func TestAStreamIntoAFullDiskKeepsItsLog(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	defer full.Close()
	dir := t.TempDir()
	store := openStore(t, dir, StoreOptions{})
	c := NewConsole(full, ConsoleOptions{})
	s := NewStream(StreamOptions{Service: "api", Log: openLog(t, store, "api"), Sink: c, Failed: func(err error) { t.Error(err) }})
	copyChild(t, s, "flood:10000")
	if info, err := os.Stat(filepath.Join(dir, "api.log")); err != nil || info.Size() != 1_000_000 {
		t.Errorf("%v, %v", info, err)
	}
	if isClosed(c.Failed()) || c.Close() != nil {
		t.Error("it has failed for good")
	}
}

func TestAnOutputOnASmallDiskGoesOnWhenThereIsRoom(t *testing.T) {
	dir := t.TempDir()
	testmount.Small(t, dir)
	f, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 2<<20), 0o600)
	c := NewConsole(f, ConsoleOptions{Names: []string{"api"}})
	block := strings.Repeat(strings.Repeat("x", 99)+"\n", 500)
	for range 20 {
		lines(t, c, "api", block)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	c.retry = time.Time{}
	lines(t, c, "api", "after\n")
	all, _ := os.ReadFile(f.Name())
	if !regexp.MustCompile(`(^|\n)lhrun \| \d+ bytes are missing here: no space left on device\napi   \| after\n$`).Match(all) {
		t.Errorf("ends with %q", all[max(0, len(all)-200):])
	}
}
