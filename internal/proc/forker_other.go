//go:build darwin || freebsd || (linux && portable)

package proc

import (
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// forker starts processes; nothing here ends them with this program.
type forker struct{}

func newForker() *forker { return nil }

// fork starts a process that ignores no signal because this program does.
func (*forker) fork(path string, argv []string, attr *syscall.ProcAttr) (int, error) {
	ignored.Lock()
	defer ignored.Unlock()
	for sig, discard := range ignored.by {
		if signal.Ignored(sig) {
			signal.Notify(discard, sig) // Go resets in a child what it handles.
			defer signal.Ignore(sig)
		}
	}
	return syscall.ForkExec(path, argv, attr)
}

func (*forker) thread() int { return 0 }

func (*forker) close() {}

// ignored are the signals that ignore was called for.
var ignored struct {
	sync.Mutex
	by map[syscall.Signal]chan<- os.Signal
}

// ignore ignores sig in this program and not in its children. A handler would not
// do for the terminal's signals: the call that raised them would be tried again,
// for ever.
func ignore(discard chan<- os.Signal, sig syscall.Signal) {
	ignored.Lock()
	defer ignored.Unlock()
	if ignored.by == nil {
		ignored.by = map[syscall.Signal]chan<- os.Signal{}
	}
	ignored.by[sig] = discard
	signal.Ignore(sig)
}

// setDefault has sig do what it does to a program without handlers. Go's own default ends
// the program by some; else it becomes a shell, which has no handlers.
func setDefault(sig syscall.Signal) {
	switch sig {
	case unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGKILL:
		return
	}
	end := "kill -" + strconv.Itoa(int(sig)) + " $$; exit " + strconv.Itoa(128+int(sig))
	_ = syscall.Exec("/bin/sh", []string{"sh", "-c", end}, os.Environ())
}
