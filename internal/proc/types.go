// Package proc starts programs, knows every process that descends from them, and
// ends them all.
//
// On Linux nothing escapes: orphans come back to a subreaper and are told apart
// by a variable in their environment, their session, their output pipe or where
// they were last seen. On macOS and FreeBSD trees are found by process group,
// parent and that variable. Elsewhere the package builds, and Start says no.
package proc

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

// Size is that of a terminal, in characters.
type Size struct{ Rows, Cols uint16 }

// Spec says what to start. The zero value of every field but Argv is fine.
type Spec struct {
	// Argv is executed as it is. Argv[0] is looked up in the PATH of Env; with a
	// slash in it, it is relative to Dir.
	Argv []string
	// Dir is the working directory; "" is this program's.
	Dir string
	// Env holds KEY=value pairs, each key once.
	Env []string

	// TTY makes the child the leader of a session on a pseudo-terminal of this
	// size (0: 24x80).
	TTY  bool
	Size Size

	// Stdin is the child's standard input; nil is /dev/null. A TTY has its own.
	Stdin *os.File
	// OpenStdin gives a child without Stdin and TTY an input that never delivers, and ends
	// with the Table or with this program.
	OpenStdin bool
	// Foreground keeps the child in this program's session and puts its group in the
	// foreground of the terminal that Stdin is. The caller takes the terminal back later.
	Foreground bool
	// Output gets stdout and stderr; nil makes a pipe, see Process.Output.
	Output *os.File
	// Files are further descriptors of the child, from 3 on. Start makes them blocking: an
	// earlier child may have changed that for everybody who shares them.
	Files []*os.File
	// PIDVar names a variable that the child finds its own pid in.
	PIDVar string
}

// Exit is how a process ended. Code is 128+n when signal n ended it.
type Exit struct {
	Code   int
	Signal syscall.Signal
}

// String completes a sentence: "exited with code 3", "was killed by SIGKILL".
func (e Exit) String() string {
	if e.Signal != 0 {
		return "was killed by " + signalName(e.Signal)
	}
	return fmt.Sprintf("exited with code %d", e.Code)
}

// Ending says how to end a process tree; see Process.EndWith.
type Ending struct {
	Signal syscall.Signal
	// Timeout is the patience before SIGKILL; 0 kills at once.
	Timeout time.Duration
	// Kill, when it closes, ends that patience.
	Kill <-chan struct{}
	// Leader has Signal go to the leader alone, and to the others once it is gone.
	Leader bool
	// Keep names programs that live on, with all that they have started. They end with
	// the Table.
	Keep []string
}

// ID names one process for ever: a pid may be used again, but not with the same
// kernel start time. Start has no unit, and fits a JSON number.
type ID struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// Owned is one service's process in a Record.
type Owned struct {
	Service string `json:"service"`
	ID
	// Mark is Process.Mark: it names the service of descendants too.
	Mark uint64 `json:"mark,omitempty"`
	// Pipe is Process.Pipe: what writes to it is known even without the mark.
	Pipe string `json:"pipe,omitempty"`
}

// Record is what a run writes down so that a later one can find what it left.
type Record struct {
	Run        string  `json:"run"`
	Supervisor ID      `json:"supervisor"`
	Guard      ID      `json:"guard"`
	Processes  []Owned `json:"processes"`
}

// Left is a process that outlived its run. Service is "" when nothing tells.
type Left struct {
	Service string `json:"service"`
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

// GuardOptions change what Guard starts. The zero value starts this program again.
type GuardOptions struct {
	// Args are the child's, with the program's name first; nil is os.Args.
	Args []string
	// Env is the child's; nil is os.Environ().
	Env []string
	// SameGroup leaves the child in this process's group, for a command that uses the
	// terminal: see GuardedSide.Arrivals.
	SameGroup bool
}

// Arrival is a signal that a SameGroup guard or its child got.
type Arrival struct {
	Signal os.Signal
	// Group says that the whole process group got it, as with Ctrl-C on a terminal. Else
	// one process alone did.
	Group bool
	// At is when that was first seen.
	At time.Time
}
