//go:build unix

package files

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func fifo(t *testing.T) string {
	path := filepath.Join(t.TempDir(), ".env")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPipeGivesWhatIsWrittenWhenItIsRead(t *testing.T) {
	path := fifo(t)
	for _, want := range []string{"A=1\n", strings.Repeat("A=1234567\n", 30_000)} {
		go os.WriteFile(path, []byte(want), 0) // It waits for the reader.
		if got, err := ReadInput(path); err != nil || string(got) != want {
			t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
		}
	}
}

func TestAPipeThatNobodyWritesIntoIsNotWaitedForWithoutAnEnd(t *testing.T) {
	path := fifo(t)
	short := patience{open: 20 * time.Millisecond, write: 50 * time.Millisecond}
	_, err := readWithin(path, short)
	if err == nil || !strings.Contains(err.Error(), "nobody opened for writing within 20ms") {
		t.Errorf("without a writer: %v", err)
	}
	w, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.WriteString("A=1\n")
	if _, err := readWithin(path, short); err == nil || !strings.Contains(err.Error(), "nobody wrote for 50ms") {
		t.Errorf("with a writer that never ends: %v", err)
	}
}

// TestAWriterMayAskItsUserFirst: it has the pipe open and writes later than anybody
// without a writer would be waited for.
func TestAWriterMayAskItsUserFirst(t *testing.T) {
	path := fifo(t)
	go func() {
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Close()
		time.Sleep(100 * time.Millisecond)
		w.WriteString("A=1\n")
	}()
	got, err := readWithin(path, patience{open: 50 * time.Millisecond, write: time.Minute})
	if err != nil || string(got) != "A=1\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestADeviceWithoutAnEndIsNotReadWhole(t *testing.T) {
	if _, err := ReadInput("/dev/zero"); err == nil || !strings.Contains(err.Error(), "larger than 16 MiB") {
		t.Error(err)
	}
	if got, err := ReadInput(os.DevNull); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
}
