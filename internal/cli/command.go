package cli

import (
	"os"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/run"
)

// command is the command of run while it goes on.
type command struct {
	process *os.Process
	// began is a moment before it did.
	began time.Time
	// ended gets its exit code.
	ended chan int
}

// begin starts x as a child with lhrun's own streams, in lhrun's process group.
func (g *globals) begin(x run.Execution) (*command, error) {
	path, err := x.Enter()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	process, err := os.StartProcess(path, x.Argv, &os.ProcAttr{Env: x.Env, Files: []*os.File{g.In, g.Out, g.Err}})
	if err != nil {
		return nil, &run.CommandError{Name: x.Argv[0], Err: err}
	}
	c := &command{process, began, make(chan int, 1)}
	go func() {
		state, err := process.Wait()
		if err != nil {
			c.ended <- exitFailed
			return
		}
		c.ended <- codeOf(state)
	}()
	return c, nil
}

// signal reaches the command alone, not what it has started.
func (c *command) signal(sig os.Signal) { _ = c.process.Signal(sig) } // It may be gone.

const (
	// infancy is for how long after its start a signal to the group may have come before
	// there was a command in it, as far as can be seen from here.
	infancy = 200 * time.Millisecond
	// reaction is what a signal takes to end who does nothing about it.
	reaction = 5 * time.Millisecond
)

// hear sees to it that a signal to the whole group reaches a command that began just
// then. Who lives and does nothing about it has not got it.
func (c *command) hear(a proc.Arrival) {
	sig, ok := a.Signal.(syscall.Signal)
	switch age := a.At.Sub(c.began); {
	case !ok || age > infancy:
	case age < 0:
		c.signal(sig)
	default:
		time.AfterFunc(reaction, func() {
			if proc.Unheard(c.process.Pid, sig) {
				c.signal(sig)
			}
		})
	}
}

// kill ends it at once.
func (c *command) kill() { _ = c.process.Signal(syscall.SIGKILL) }
