package proc

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func setMode(t *testing.T, terminal *os.File, on, off uint32) {
	t.Helper()
	conn, err := terminal.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Control(func(fd uintptr) {
		mode, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		mode.Lflag = mode.Lflag&^off | on
		if err := unix.IoctlSetTermios(int(fd), unix.TCSETS, mode); err != nil {
			t.Fatal(err)
		}
	})
}
