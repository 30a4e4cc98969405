package supervisor

import (
	"os"
	"sync"

	"github.com/lhrun/lhrun/ports"
)

// platform is all that the loop needs of the operating system, so that tests can
// fake an instance rather than a world.
type platform interface {
	runner
	free(port int) error
	// mine returns why no process of this user listens on port, nil where one does.
	mine(port int) error
	watch(ports.Target) watch
	// runtimeDir is a private directory for notify sockets, made for the first of them.
	runtimeDir() (string, error)
	close()
}

type watch interface {
	// Settle says that nobody is waiting for the target's ports any more.
	Settle()
	Remove()
}

// machine is the real platform.
type machine struct {
	runner
	watcher *ports.Watcher

	mu  sync.Mutex
	dir string
}

func newPlatform(opts Options) (platform, error) {
	r, err := newProcessRunner(opts.Subreaper)
	if err != nil {
		return nil, err
	}
	return &machine{runner: r, watcher: ports.NewWatcher()}, nil
}

func (m *machine) free(port int) error             { return ports.Free(port) }
func (m *machine) mine(port int) error             { return ports.Mine(port) }
func (m *machine) watch(target ports.Target) watch { return m.watcher.Add(target) }

func (m *machine) runtimeDir() (_ string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir == "" {
		m.dir, err = os.MkdirTemp("", "lhrun-")
	}
	return m.dir, err
}

func (m *machine) close() {
	m.watcher.Close()
	m.runner.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dir != "" {
		_ = os.RemoveAll(m.dir)
	}
}
