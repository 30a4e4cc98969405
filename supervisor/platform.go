package supervisor

import (
	"fmt"

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
	// notifyPath returns where to make a notify socket, in a private directory.
	notifyPath() (string, error)
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
	notify  notifyDir
}

func newPlatform(opts Options) (platform, error) {
	if err := ports.CheckProc(); err != nil {
		return nil, fmt.Errorf("cannot run services: %w", err)
	}
	r, err := newProcessRunner(opts.Subreaper)
	if err != nil {
		return nil, err
	}
	return &machine{runner: r, watcher: ports.NewWatcher()}, nil
}

func (m *machine) free(port int) error             { return ports.Free(port) }
func (m *machine) mine(port int) error             { return ports.Mine(port) }
func (m *machine) watch(target ports.Target) watch { return m.watcher.Add(target) }

func (m *machine) notifyPath() (string, error) { return m.notify.path() }

func (m *machine) close() {
	m.watcher.Close()
	m.runner.Close()
	m.notify.close()
}
