//go:build darwin || freebsd || (linux && portable)

package proc

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// idlePipe gives children an input by which they get nothing. Many programs end when their
// input does. Each has a pipe of its own, since all who read from one share whether that
// blocks. Only this program holds the writing ends, so the children see the end of their
// input when it dies.
type idlePipe struct{}

// open returns a reading end, which the caller closes. The writing one is p's.
func (*idlePipe) open(p *Process) (*os.File, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		return nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	p.idle = os.NewFile(uintptr(fds[1]), "idle")
	return os.NewFile(uintptr(fds[0]), "input"), nil
}

func (*idlePipe) close() {}
