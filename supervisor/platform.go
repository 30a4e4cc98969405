package supervisor

import (
	"context"
	"os"
	"sync"
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
	// runtimeDir is a private directory for notify sockets, made for the first of them.
	runtimeDir() (string, error)
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

	mu  sync.Mutex
	dir string
}

func newPlatform(opts Options) (platform, error) {
	if opts.Subreaper {
		if err := proc.BecomeSubreaper(); err != nil {
			return nil, err
		}
	}
	return &machine{table: proc.NewTable(), watcher: ports.NewWatcher()}, nil
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

func (m *machine) runtimeDir() (_ string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir == "" {
		m.dir, err = os.MkdirTemp("", "lhrun-")
	}
	return m.dir, err
}

func (m *machine) runID() string { return m.table.RunID() }

func (m *machine) close() {
	m.watcher.Close()
	m.table.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir != "" {
		_ = os.RemoveAll(m.dir)
	}
}
