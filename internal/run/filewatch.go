package run

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/files"
	filewatch "github.com/lhrun/lhrun/internal/watch"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// fileWatch restarts or signals services whose files change.
type fileWatch struct {
	watcher *filewatch.Watcher
	sup     *supervisor.Supervisor
	// signals are what services get instead of a restart.
	signals atomic.Pointer[map[string]syscall.Signal]
}

func newFileWatch(dir string, sup *supervisor.Supervisor, warn func(format string, args ...any)) *fileWatch {
	f := &fileWatch{sup: sup}
	f.signals.Store(&map[string]syscall.Signal{})
	f.watcher = filewatch.New(filewatch.Options{
		Root:    dir,
		Changed: f.changed,
		Trouble: func(text string) { warn("%s", text) },
	})
	return f
}

// set watches what p asks for, and nothing else any more.
func (f *fileWatch) set(p *Project) {
	var rules []filewatch.Rule
	signals := map[string]syscall.Signal{}
	for _, svc := range p.Services {
		if w := p.Resolved.Watch[svc.Name]; w != nil {
			rules = append(rules, filewatch.Rule{Name: svc.Name, Paths: w.Paths, Ignore: w.Ignore, Debounce: w.Debounce})
			signals[svc.Name] = w.Signal
		}
	}
	f.signals.Store(&signals)
	f.watcher.Set(rules, ownFiles(p))
}

// ownFiles are the files that lhrun itself writes: they never count as changed.
func ownFiles(p *Project) (own []string) {
	for _, file := range p.Resolved.Dotenv {
		own = append(own, file.Path)
	}
	if dir, err := files.StateDir(); err == nil {
		own = append(own, dir)
	}
	if socket, err := control.SocketPath(p.Checkout.Project, p.Checkout.Instance); err == nil {
		own = append(own, filepath.Dir(socket))
	}
	return own
}

func (f *fileWatch) changed(c filewatch.Change) {
	what, file := "files changed", ""
	if len(c.Files) > 0 {
		file = c.Files[0]
	}
	switch n := len(c.Files); {
	case n == 0:
	case c.More:
		what = fmt.Sprintf("%s and many more changed", c.Files[0])
	case n == 1:
		what = c.Files[0] + " changed"
	default:
		what = fmt.Sprintf("%s and %s more changed", c.Files[0], words.Plural(n-1, "file"))
	}
	_ = f.sup.FilesChanged(c.Name, file, what, (*f.signals.Load())[c.Name]) // A reload may just have taken it away.
}

func (f *fileWatch) close() { f.watcher.Close() }
