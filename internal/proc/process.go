//go:build linux || darwin || freebsd

package proc

import (
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// Process is a program that a Table started: its leader, and every process that
// descends from it.
type Process struct {
	table  *Table
	id     ID
	mark   uint64
	output *os.File
	// link is what the process writes to, as /proc/PID/fd names it; "" is unknown.
	link string
	tty  bool
	// idle is the other end of an open input where each process has one of its own.
	idle *os.File

	// session is the leader's; 0 is unknown.
	session int

	waiter waiter
	done   chan struct{}
	exit   Exit
	// gone closes when the leader is reaped.
	gone chan struct{}
	// ending is set once End looks for orphans itself.
	ending atomic.Bool

	// orphans and groups belong to table.mu; see tree.go.
	orphans []stat
	groups  map[int]bool
}

// PID returns the leader's pid, which is also the id of its process group.
func (p *Process) PID() int { return p.id.PID }

// ID names the leader, also after its end.
func (p *Process) ID() ID { return p.id }

// Mark returns the number of this Process in its Table's run.
func (p *Process) Mark() uint64 { return p.mark }

// Pipe names the kernel's object that Output reads from; "" where the kernel does
// not tell who writes to it.
func (p *Process) Pipe() string { return p.link }

// Output returns the read end of the one pipe for stdout and stderr, or of the
// pseudo-terminal, where EIO is the end. It is nil if Spec.Output was set. The caller
// closes it; End does not.
func (p *Process) Output() *os.File { return p.output }

// Done closes when the leader has exited, whoever still holds its output.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit returns how the leader ended; zero before Done closes.
func (p *Process) Exit() Exit {
	if !p.exited() {
		return Exit{}
	}
	return p.exit
}

// closeFiles closes what a process that did not come to be leaves open.
func (p *Process) closeFiles() {
	p.output.Close()
	p.idle.Close()
}

func (p *Process) exited() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// await waits for the leader's exit and leaves it unreaped. It looks for orphans right
// then, while most of what marks them is still there.
func (p *Process) await() {
	p.exit = p.waiter.wait()
	close(p.done)
	if !p.ending.Load() {
		p.table.notice()
	}
}

// Resize sets the size of the pseudo-terminal, which sends SIGWINCH to its foreground
// job. Without a TTY it does nothing.
func (p *Process) Resize(size Size) {
	if p.tty {
		setSize(p.output, size)
	}
}

func setSize(terminal *os.File, size Size) {
	if size.Rows == 0 || size.Cols == 0 {
		size = Size{Rows: 24, Cols: 80}
	}
	conn, err := terminal.SyscallConn()
	if err != nil {
		return
	}
	conn.Control(func(fd uintptr) {
		unix.IoctlSetWinsize(int(fd), syscall.TIOCSWINSZ, &unix.Winsize{Row: size.Rows, Col: size.Cols})
	})
}
