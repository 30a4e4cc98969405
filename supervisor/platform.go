package supervisor

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
)

// platform is all that the loop needs of the operating system, so that tests can
// fake a process rather than a world.
type platform interface {
	start(proc.Spec) (process, error)
	run(context.Context, proc.Spec) (proc.Exit, []byte, error)
	free(port int) error
	watch(ports.Target) watch
	runtimeDir() string
	runID() string
	close()
}

type process interface {
	PID() int
	Done() <-chan struct{}
	Exit() proc.Exit
	Tree() []int
	ID() proc.ID
	Members() []proc.ID
	Mark() uint64
	Pipe() string
	Signal(syscall.Signal) error
	End(sig syscall.Signal, timeout time.Duration, kill <-chan struct{}) error
	Output() *os.File
	Resize(proc.Size)
}

type watch interface {
	// Settle says that nobody is waiting for the target's ports any more.
	Settle()
	Remove()
}

// machine is the real platform.
type machine struct {
	table   *proc.Table
	watcher *ports.Watcher
	dir     string
	ownDir  bool
}

func newPlatform(opts Options) (platform, error) {
	m := &machine{dir: opts.RuntimeDir}
	if opts.Subreaper {
		if err := proc.BecomeSubreaper(); err != nil {
			return nil, err
		}
	}
	if m.dir == "" {
		dir, err := os.MkdirTemp("", "lhrun-")
		if err != nil {
			return nil, err
		}
		m.dir, m.ownDir = dir, true
	}
	m.table, m.watcher = proc.NewTable(), ports.NewWatcher()
	return m, nil
}

func (m *machine) start(spec proc.Spec) (process, error) {
	p, err := m.table.Start(spec)
	if err != nil {
		return nil, err // Not p: a nil *proc.Process is no nil process.
	}
	return p, nil
}

func (m *machine) run(ctx context.Context, spec proc.Spec) (proc.Exit, []byte, error) {
	return m.table.Run(ctx, spec)
}

func (m *machine) free(port int) error             { return ports.Free(port) }
func (m *machine) watch(target ports.Target) watch { return m.watcher.Add(target) }
func (m *machine) runtimeDir() string              { return m.dir }

func (m *machine) runID() string { return m.table.RunID() }

func (m *machine) close() {
	m.watcher.Close()
	m.table.Close()
	if m.ownDir {
		_ = os.RemoveAll(m.dir)
	}
}
