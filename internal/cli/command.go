package cli

import (
	"os"
	"syscall"
)

// command is the command of run while it goes on.
type command struct {
	process *os.Process
	// ended gets its exit code.
	ended chan int
}

// begin starts x as a child with lhrun's own streams, in lhrun's process group.
func (g *globals) begin(x execution) (*command, error) {
	path, err := x.enter()
	if err != nil {
		return nil, err
	}
	process, err := os.StartProcess(path, x.argv, &os.ProcAttr{Env: x.env, Files: []*os.File{g.In, g.Out, g.Err}})
	if err != nil {
		return nil, execError(x.argv[0], err)
	}
	c := &command{process, make(chan int, 1)}
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

// kill ends it at once.
func (c *command) kill() { _ = c.process.Signal(syscall.SIGKILL) }
