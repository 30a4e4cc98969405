//go:build !portable

package logs

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func pipeSize(t *testing.T, f *os.File) (size int) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { size, _ = unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0) })
	}
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// TestOnlyAFloodGetsAWidePipe: and no more than a few at a time, so that whatever
// services write, the user's other programs get pipes.
func TestOnlyAFloodGetsAWidePipe(t *testing.T) {
	flood := make([]byte, 4*chunkSize)
	for round := range 2 {
		var writers []*os.File
		var ends []<-chan error
		wideOnes := 0
		for i := range mostWide + 2 {
			r, w := pipe(t)
			defer r.Close()
			ends = append(ends, start(NewStream(StreamOptions{Service: "a"}), r))
			writers = append(writers, w)
			if i > 0 {
				if _, err := w.Write(flood); err != nil {
					t.Fatal(err)
				}
			} else if _, err := w.WriteString("a line\n"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the pipe is read to its end", func() bool {
				var left int
				raw, _ := r.SyscallConn()
				_ = raw.Control(func(fd uintptr) { left, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
				return left == 0
			})
			size := pipeSize(t, w)
			if i == 0 && size >= widePipe {
				t.Errorf("round %d: a line made its pipe %d bytes wide", round, size)
			}
			if size >= widePipe {
				wideOnes++
			}
		}
		if wideOnes == 0 || wideOnes > mostWide {
			t.Errorf("round %d: %d pipes are wide, want some, and at most %d", round, wideOnes, mostWide)
		}
		for i, w := range writers {
			_ = w.Close()
			if err := <-ends[i]; err != nil {
				t.Error(err)
			}
		}
		if n := len(widePipes); n != 0 {
			t.Errorf("round %d: %d places are not given back", round, n)
		}
	}
}
