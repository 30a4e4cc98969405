package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
)

// DialUp is Dial, except that with a timeout it waits until ctx ends for the project
// to come up, or to answer.
func (l Locate) DialUp(ctx context.Context, timeout time.Duration, names ...string) (ports.Checkout, *control.Client, error) {
	checkout, client, err := l.Dial(ctx, names...)
	if _, ok := errors.AsType[*NotRunningError](err); timeout > 0 && ok {
		client, err = dialOnceUp(ctx, checkout)
	}
	for timeout > 0 && isUnresponsive(err) && ctx.Err() == nil {
		client, err = DialCheckout(ctx, checkout) // It may be continued.
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil {
		err = notUp(checkout, timeout)
	}
	return checkout, client, err
}

func isUnresponsive(err error) bool {
	_, ok := errors.AsType[*UnresponsiveError](err)
	return ok
}

// notUp says why nobody has answered for c in time.
func notUp(c ports.Checkout, timeout time.Duration) error {
	i, err := InstanceOf(c)
	if err != nil {
		return err
	}
	rec, _ := i.record()
	lock, locked := i.takeLock()
	if locked == nil {
		_ = lock.Close()
		return &NotRunningError{Checkout: c, Within: timeout}
	}
	path, err := control.SocketPath(c.Project, c.Instance)
	if _, e := os.Lstat(path); err == nil && e == nil && rec.Supervisor.Alive() {
		return UnresponsiveWithin(c, timeout)
	}
	return &NotRunningError{Checkout: c, Phase: i.phase(locked), Within: timeout}
}

// lookAgain is how soon dialOnceUp tries a socket again that nobody serves yet.
const lookAgain = 2 * time.Millisecond

// dialOnceUp waits for the socket of c to be served. It watches the socket's
// directory; where that cannot be watched it tries twenty times a second.
func dialOnceUp(ctx context.Context, c ports.Checkout) (*control.Client, error) {
	path, err := control.SocketPath(c.Project, c.Instance)
	if err != nil {
		return nil, err
	}
	dir := watchDir(filepath.Dir(path))
	defer dir.close()
	for pause := lookAgain; ; {
		client, err := DialCheckout(ctx, c)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !errors.Is(err, control.ErrNotRunning) {
			return client, err
		}
		// It is bound a moment before it is served, and a stale one may lie there.
		var again <-chan time.Time
		if _, err := os.Lstat(path); err == nil && pause < time.Second || dir.Watcher == nil {
			again, pause = time.After(min(pause, 50*time.Millisecond)), 2*pause
		}
		select {
		case <-dir.news():
			pause = lookAgain
		case <-dir.trouble():
			pause = lookAgain
		case <-again:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// dirWatch tells of changes in a directory. Without a Watcher it tells nothing.
type dirWatch struct{ *fsnotify.Watcher }

// watchDir watches a directory, and makes it first.
func watchDir(dir string) dirWatch {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return dirWatch{}
	}
	_ = os.MkdirAll(dir, 0o700) // Add tells where that went wrong.
	if err := w.Add(dir); err != nil {
		_ = w.Close()
		return dirWatch{}
	}
	return dirWatch{w}
}

func (d dirWatch) news() <-chan fsnotify.Event {
	if d.Watcher == nil {
		return nil
	}
	return d.Events
}

func (d dirWatch) trouble() <-chan error {
	if d.Watcher == nil {
		return nil
	}
	return d.Errors
}

func (d dirWatch) close() {
	if d.Watcher != nil {
		_ = d.Watcher.Close()
	}
}
