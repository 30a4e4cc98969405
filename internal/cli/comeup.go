package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
)

// untilInterrupted is a context that a Ctrl-C ends, and SIGTERM; its error is then
// context.Canceled. A second one ends lhrun at once.
func untilInterrupted() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// dialUp is dial, except that with a timeout it waits for the project to come up, or
// to answer, until ctx ends.
func (g *globals) dialUp(ctx context.Context, timeout time.Duration, names ...string) (ports.Checkout, *control.Client, error) {
	checkout, client, err := g.dial(ctx, names...)
	exit, ok := errors.AsType[exitError](err)
	if timeout > 0 && ok && exit.code == exitNotRunning {
		client, err = dialOnceUp(ctx, checkout)
	}
	for timeout > 0 && isMute(err) && ctx.Err() == nil {
		client, err = dialCheckout(ctx, checkout) // It may be continued.
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil {
		err = notUp(checkout, timeout)
	}
	return checkout, client, err
}

func isMute(err error) bool {
	_, mute := errors.AsType[errMute](err)
	return mute
}

// notUp is why nobody has answered for c in time.
func notUp(c ports.Checkout, timeout time.Duration) error {
	i, err := newInstance(c)
	if err != nil {
		return err
	}
	rec, _ := i.record()
	lock, locked := lockFile(i.lockPath())
	if locked == nil {
		_ = lock.Close()
		return exitError{exitNotRunning, fmt.Errorf("%s (%s) does not run, and did not come up within %s", c.Project, c.Instance, timeout)}
	}
	path, err := control.SocketPath(c.Project, c.Instance)
	if _, e := os.Lstat(path); err == nil && e == nil && rec.Supervisor.Alive() {
		return exitError{exitNotInTime, fmt.Errorf("not within %s: %w", timeout, mute(c))}
	}
	return exitError{exitNotRunning, fmt.Errorf("%s (%s) is %s, and did not come up within %s", c.Project, c.Instance, i.underWay(locked), timeout)}
}

// lookAgain is how soon a socket that is there, and not served yet, is tried again.
const lookAgain = 2 * time.Millisecond

// dialOnceUp waits for the socket of c to be served. The directory tells when it
// comes, so nothing is asked before; where directories cannot be watched it is
// tried twenty times a second.
func dialOnceUp(ctx context.Context, c ports.Checkout) (*control.Client, error) {
	path, err := control.SocketPath(c.Project, c.Instance)
	if err != nil {
		return nil, err
	}
	dir := watchDir(filepath.Dir(path))
	defer dir.close()
	for pause := lookAgain; ; {
		client, err := dialCheckout(ctx, c)
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

// dirWatch tells of changes in a directory; without a Watcher it never does.
type dirWatch struct{ *fsnotify.Watcher }

// watchDir watches a directory, which it makes.
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
