package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Dial connects to the run of the project. Where it does not run, the error is a
// NotRunningError, unless the file has no service of one of names: that is the
// mistake then.
func (l Locate) Dial(ctx context.Context, names ...string) (ports.Checkout, *control.Client, error) {
	return l.DialOr(ctx, "lhrun up", names...)
}

// DialOr is Dial, with the command that would start the project.
func (l Locate) DialOr(ctx context.Context, start string, names ...string) (ports.Checkout, *control.Client, error) {
	c, client, err := l.Reach(ctx)
	if errors.Is(err, control.ErrNotRunning) {
		phase := l.ClearUp(c)
		if unknown := l.RefuseUnknown(names...); unknown != nil {
			return c, client, unknown
		}
		err = &NotRunningError{Checkout: c, Start: start, Phase: phase}
	}
	return c, client, err
}

// Reach is Dial with the bare control.ErrNotRunning.
func (l Locate) Reach(ctx context.Context) (ports.Checkout, *control.Client, error) {
	c, before, err := l.whereabouts()
	if err != nil {
		return c, nil, err
	}
	client, err := DialCheckout(ctx, c)
	if errors.Is(err, control.ErrNotRunning) && l.awaitPlaces(c) {
		client, err = DialCheckout(ctx, c)
	}
	if errors.Is(err, control.ErrNotRunning) && before != nil {
		if client, err := DialCheckout(ctx, before.Checkout); err == nil {
			return before.Checkout, client, nil
		}
	}
	return c, client, err
}

// awaitPlaces waits for a run of c that goes on though its places were removed, until it
// has made them anew. It reports whether there was one.
func (l Locate) awaitPlaces(c ports.Checkout) bool {
	if locked(c) {
		return false
	}
	p, err := l.Find()
	return err == nil && p.Checkout == c && p.awaitPlaces()
}

func (p *Project) awaitPlaces() (ran bool) {
	for limit := time.Now().Add(2*healEvery + time.Second); !locked(p.Checkout) && time.Now().Before(limit); time.Sleep(dialPause) {
		if !p.Registry.Runs(p.Checkout, p.Requests()) && !isServed(p.Checkout) {
			return ran
		}
		ran = true
	}
	return ran
}

// isServed reports whether somebody listens for c.
func isServed(c ports.Checkout) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := control.Find(ctx, c.Project, c.Instance)
	return !errors.Is(err, control.ErrNotRunning)
}

// whereabouts returns the checkout, and the run that began in its directory before the file
// got another name; nil for none. A file that has become wrong does not hide the run that
// it began.
func (l Locate) whereabouts() (c ports.Checkout, before *Run, err error) {
	p, err := l.Find()
	if err == nil {
		return p.Checkout, p.RunsAs, nil
	}
	path, notFound := config.Find(config.Options{File: l.File, Dir: l.Dir})
	if notFound == nil {
		if c, ok := runOf(realPath(path)); ok {
			return c, nil, nil
		}
	}
	return c, nil, err
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// IsGone reports whether err says that a project does not run, or not any more.
func IsGone(err error) bool {
	return errors.Is(err, control.ErrEnded) || errors.Is(err, control.ErrLost) || errors.Is(err, control.ErrNotRunning)
}

const (
	// dialPatience is how long a run may take to answer: it has nothing more to do
	// than to say that it is there.
	dialPatience = 5 * time.Second
	dialPause    = 20 * time.Millisecond
	// dyingPatience is how long a process that was killed may hold on to its lock.
	dyingPatience = 200 * time.Millisecond
)

// DialCheckout returns control.ErrNotRunning where the checkout does not run.
func DialCheckout(ctx context.Context, c ports.Checkout) (*control.Client, error) {
	short, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	client, err := control.Find(short, c.Project, c.Instance)
	for errors.Is(err, control.ErrLost) && short.Err() == nil {
		time.Sleep(dialPause) // It is just dying.
		client, err = control.Find(short, c.Project, c.Instance)
	}
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		return nil, Unresponsive(c)
	}
	if err == nil {
		client.Unresponsive = func() error { return Unresponsive(c) }
	}
	return client, err
}

// Unresponsive is the error of a run that is there and does not answer.
func Unresponsive(c ports.Checkout) error { return UnresponsiveWithin(c, 0) }

// UnresponsiveWithin is the error of a run that has not answered within the time that a
// user has set.
func UnresponsiveWithin(c ports.Checkout, within time.Duration) error {
	i, err := InstanceOf(c)
	if err != nil {
		return err
	}
	rec, _ := i.record()
	e := &UnresponsiveError{Checkout: c, Within: within}
	for _, p := range []supervisor.Process{rec.Guard, rec.Supervisor} {
		if p.Alive() {
			e.PIDs = append(e.PIDs, fmt.Sprint(p.PID))
		}
	}
	return e
}

// ClearUp ends what a run of the checkout has left that was killed with its guard,
// and warns of it. Where a run is there that does not serve yet, or not any more,
// phase is "just starting" or "just ending".
func (l Locate) ClearUp(c ports.Checkout) (phase string) {
	if ever, err := exists(c); err != nil || !ever {
		return ""
	}
	i, err := InstanceOf(c)
	if err != nil {
		return "" // Whoever needs the directory says what is wrong with it.
	}
	for limit := time.Now().Add(dyingPatience); ; time.Sleep(dialPause) {
		if i.lock, err = i.takeFromGuard(); err == nil {
			break
		}
		if !errors.Is(err, files.ErrLocked) || time.Now().After(limit) {
			return i.phase(err)
		}
	}
	if _, err := i.record(); err != nil {
		_ = i.lock.Close()
		return "" // No run was killed.
	}
	for _, line := range i.sweep(l.lateMasker()) {
		l.warn(line)
	}
	_ = i.release()
	return ""
}

// phase says what the run does that has the lock; locked is the error of taking it.
func (i *Instance) phase(locked error) string {
	if !errors.Is(locked, files.ErrLocked) {
		return ""
	}
	rec, _ := i.record()
	if _, err := i.Last(); err == nil && rec.Supervisor.Alive() {
		return "just ending"
	}
	return "just starting"
}
