package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// dial connects to the run of the project that is here. Where it does not run, the
// error says how to start it and has the exit code for that, unless one of names is
// no service: that is the mistake then.
func (g *globals) dial(ctx context.Context, names ...string) (ports.Checkout, *control.Client, error) {
	return g.dialOr(ctx, "lhrun up", names...)
}

// dialOr is dial, with what to start the project by.
func (g *globals) dialOr(ctx context.Context, start string, names ...string) (ports.Checkout, *control.Client, error) {
	c, client, err := g.reach(ctx)
	if errors.Is(err, control.ErrNotRunning) {
		under := g.clearUp(c)
		if unknown := g.refuseUnknown(names...); unknown != nil {
			return c, client, unknown
		}
		if under != "" {
			return c, client, exitError{exitNotRunning, fmt.Errorf("%s (%s) is %s: try again in a moment", c.Project, c.Instance, under)}
		}
		err = exitError{exitNotRunning, fmt.Errorf("%s (%s) does not run; start it with %q", c.Project, c.Instance, start)}
	}
	return c, client, err
}

// refuseUnknown is a usage error where the file that is here has no service of one
// of names. A file that cannot be read refuses nobody.
func (g *globals) refuseUnknown(names ...string) error {
	if len(names) == 0 {
		return nil
	}
	p, err := g.find()
	if err != nil {
		return nil
	}
	for _, name := range names {
		if _, err := p.service(name); err != nil {
			return err
		}
	}
	return nil
}

// reach is dial with the bare control.ErrNotRunning.
func (g *globals) reach(ctx context.Context) (ports.Checkout, *control.Client, error) {
	c, file, err := g.whereabouts()
	if err != nil {
		return c, nil, err
	}
	client, err := dialCheckout(ctx, c)
	if errors.Is(err, control.ErrNotRunning) {
		// The file may have got another name since the run began.
		if before, ok := runOf(file); ok && before != c {
			if client, err := dialCheckout(ctx, before); err == nil {
				return before, client, nil
			}
		}
	}
	return c, client, err
}

// whereabouts says which checkout is here, and the file that is its. A file that
// has become wrong does not hide the run that it began.
func (g *globals) whereabouts() (c ports.Checkout, file string, err error) {
	p, err := g.find()
	if err == nil {
		return p.checkout, realPath(p.File), nil
	}
	path, notFound := config.Find(config.Options{File: g.file, Dir: g.dir})
	if notFound == nil {
		if c, ok := runOf(realPath(path)); ok {
			return c, realPath(path), nil
		}
	}
	return c, "", err
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// isGone reports whether err says that a project does not run, or not any more.
func isGone(err error) bool {
	return errors.Is(err, control.ErrEnded) || errors.Is(err, control.ErrLost) || errors.Is(err, control.ErrNotRunning)
}

// dialPatience is how long a run may take to answer: it never has to do more than
// to say that it is there.
const dialPatience = 5 * time.Second

// dialCheckout returns control.ErrNotRunning where the checkout does not run.
func dialCheckout(ctx context.Context, c ports.Checkout) (*control.Client, error) {
	short, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	client, err := control.Find(short, c.Project, c.Instance)
	for errors.Is(err, control.ErrLost) && short.Err() == nil {
		time.Sleep(meetPause) // It is just dying.
		client, err = control.Find(short, c.Project, c.Instance)
	}
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		return nil, mute(c)
	}
	return client, err
}

// mute is the error of a run that is there and does not answer.
func mute(c ports.Checkout) error {
	i, err := newInstance(c)
	if err != nil {
		return err
	}
	rec, _ := i.record()
	var pids []string
	for _, p := range []supervisor.Process{rec.Guard, rec.Supervisor} {
		if p.Alive() {
			pids = append(pids, fmt.Sprint(p.PID))
		}
	}
	all := strings.Join(pids, " ")
	return errMute{fmt.Errorf("%s (%s) runs and does not answer; if it is suspended, `kill -CONT %s` lets it go on, "+
		"else `kill -9 %s` and then `lhrun down` end it", c.Project, c.Instance, all, all)}
}

// errMute is what mute returns.
type errMute struct{ error }

// clearUp ends what a run of the checkout has left that was killed with its guard,
// and says so. A run that is there, though nobody serves it yet or any more, is under
// way: "just starting", for people.
func (g *globals) clearUp(c ports.Checkout) (under string) {
	if ever, err := exists(c); err != nil || !ever {
		return ""
	}
	i, err := newInstance(c)
	if err != nil {
		return "" // Whoever needs the directory says what is wrong with it.
	}
	if i.lock, err = lockFile(i.lockPath()); err != nil {
		return i.underWay(err)
	}
	if _, err := i.record(); err != nil {
		_ = i.lock.Close()
		return "" // No run was killed.
	}
	for _, line := range i.sweep() {
		fmt.Fprintln(g.Err, "lhrun:", line)
	}
	_ = i.release()
	return ""
}

// underWay is what the run does that has the lock: locked says that one has.
func (i *instance) underWay(locked error) string {
	if !errors.Is(locked, errLocked) {
		return ""
	}
	rec, _ := i.record()
	if _, err := i.last(); err == nil && rec.Supervisor.Alive() {
		return "just ending"
	}
	return "just starting"
}
