package supervisor

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// runner starts instances of one kind. Its file alone knows what an instance is on
// this machine.
type runner interface {
	// Start starts an instance, which must be ended with End even when it exits by
	// itself. The context ends when the instance is no longer wanted.
	Start(context.Context, command) (instance, error)
	// Run runs a command beside the services to its end and returns the last of its
	// output. Nothing of the command is left then; the end of the context hastens it.
	Run(context.Context, command) (exitStatus, []byte, error)
	// RunID marks everything that this runner starts.
	RunID() string
	// Close ends what is left, at once.
	Close()
}

// instance is what a service is while it runs.
type instance interface {
	// Done closes when the instance has exited. Some of what it has started may go on.
	Done() <-chan struct{}
	// Exit is zero before Done closes.
	Exit() exitStatus
	Signal(syscall.Signal) error
	// End ends the instance in the way of how, whose command has been run, and returns
	// when nothing of it is left but what how keeps. What goes on after how.Timeout, or
	// when kill closes, is killed. The signal 0 is none. It names the programs in
	// sessions of their own that it has ended.
	End(how Stop, kill <-chan struct{}) (apart []string, err error)
	// Output is the read end of the pipe that it writes to, or the master of its
	// pseudo-terminal, which takes what is typed. The caller closes it.
	Output() *os.File
	Resize(Size)
	// Target returns what the watcher goes by to tell the instance's listeners from
	// a stranger's.
	Target() ports.Target
	// Includes reports whether one of the processes in line belongs to the instance.
	Includes(line lineage) bool
	// Usage reports false where nothing of the instance lives.
	Usage() (Usage, bool)
	// Suspended returns the pid of what a signal has stopped in the instance; 0 for nothing.
	Suspended() int
	// Handle names the instance. It is cheap.
	Handle() Handle
	// Parts names all that lives of the instance now but the programs of keep, which
	// costs a look at the machine.
	Parts(keep []string) []Handle
}

// command is one program to run. Dir "" is this program's own; Env holds each key once.
type command struct {
	Argv []string
	Dir  string
	Env  []string
	// TTY gives it a pseudo-terminal of this size.
	TTY  bool
	Size Size
	// Files are its further descriptors, from 3 on.
	Files []*os.File
	// OpenStdin gives it an input that never ends and never delivers, where TTY does not give
	// it one.
	OpenStdin bool
	// PIDVar names a variable that it finds its own pid in.
	PIDVar string
}

// exitStatus is how an instance ended. Code is 128+n when signal n ended it.
type exitStatus struct {
	Code   int
	Signal syscall.Signal
}

// lineage is a process and those that it descends from, the nearest first.
type lineage []int

// Usage is what an instance uses: its processor time so far and its resident memory
// in bytes.
type Usage struct {
	CPU    time.Duration
	Memory int64
}
