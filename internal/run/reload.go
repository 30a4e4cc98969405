package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// reloader owns what runs of a project's file now: the state in which the file was
// read, and the ports. A reload replaces that state by another.
type reloader struct {
	options Options
	sup     *supervisor.Supervisor
	warn    func(format string, args ...any)
	files   *fileWatch
	front   *front

	mu  sync.Mutex
	now *Project
	// stamps are of the files when now was read, looked when somebody asked last whether
	// they have changed, and told is the answer.
	stamps, looked stamps
	told           atomic.Pointer[[]string]
	held           *ports.Leases
}

// watch begins to watch the files that services ask for.
func (r *reloader) watch() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files.set(r.now)
}

// Plan says what Reload would do.
func (r *reloader) Plan(context.Context) (control.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := r.read()
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	statuses, seq := r.sup.SnapshotAt()
	s, err := r.plan(next, statuses)
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	return control.Answer{Seq: seq, Effective: seq, Operations: s.operations(), Notes: append(r.obstacles(next), r.postponed(next)...)}, nil
}

// Reload applies the file as it is now to the run. On an error nothing has changed.
func (r *reloader) Reload(context.Context) (control.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	read := stampsOf(r.now)
	next, err := r.read()
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	held, rest, err := next.Registry.Exchange(r.held, next.Checkout, next.Requests())
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	next.Leases = held.All()
	answer, left, err := r.change(next)
	if err != nil {
		held.Join(rest)
		r.held = held
		return control.Answer{}, asMistake(err)
	}
	r.now, r.held, r.stamps, r.looked = next, held, read, nil
	go func() { // What is in rest is in use until then.
		<-left
		_ = rest.Close()
	}()
	return answer, nil
}

// read reads the file and resolves it, with the ports that it would have.
func (r *reloader) read() (*Project, error) {
	here := r.options.Locate
	here.File, here.Dir = r.now.File, r.now.Dir // This process's own may have been deleted.
	next, err := here.Find()
	if err != nil {
		return nil, err
	}
	if next.Checkout != r.now.Checkout {
		return nil, usageError("this run is %s (%s), and the file says %s (%s) now: stop it with \"lhrun down\" and start it again",
			r.now.Checkout.Project, r.now.Checkout.Instance, next.Checkout.Project, next.Checkout.Instance)
	}
	next.Leases, err = next.Registry.Lookup(next.Checkout, next.Requests())
	if err != nil {
		return nil, err
	}
	for i, l := range next.Leases {
		for _, mine := range r.now.Leases {
			if mine.Request == l.Request && next.Registry.Contains(mine.Port) {
				next.Leases[i] = mine
			}
		}
	}
	next.Resolved, err = next.resolve(next.Leases)
	return next, err
}

// change makes next what runs. Its ports are held.
func (r *reloader) change(next *Project) (control.Answer, <-chan struct{}, error) {
	var err error
	if next.Resolved, err = next.resolve(next.Leases); err != nil {
		return control.Answer{}, nil, err
	}
	statuses, _ := r.sup.SnapshotAt()
	s, err := r.plan(next, statuses)
	if err != nil {
		return control.Answer{}, nil, err
	}
	remarks, err := writePortFiles(next.Dir, r.now.Resolved.Dotenv, next.Resolved.Dotenv)
	if err != nil {
		return control.Answer{}, nil, err
	}
	done, err := r.sup.Apply(supervisor.Reload{
		Services: next.Resolved.Services, Env: next.Resolved.Env, Restart: s.restarts(), Start: s.starts,
		NoDeps: r.options.NoDeps,
	})
	if err != nil {
		return control.Answer{}, nil, err
	}
	answer := control.Answer{
		Seq: done.Seq, Effective: done.Effective, Operations: s.operations(), Changed: s.moving(),
		Notes: slices.Concat(remarks, movedAside(r.now.Leases, next.Leases), r.postponed(next)),
	}
	answer.Services = append(slices.Clone(answer.Changed), s.those(config.DoRemove)...)
	if r.options.Reloaded != nil {
		r.options.Reloaded(answer)
	}
	if err := r.front.set(next.Resolved.Front); err != nil {
		answer.Notes = append(answer.Notes, err.Error())
	}
	for _, note := range answer.Notes {
		r.warn("%s", note)
	}
	r.files.set(next)
	return answer, done.Left, nil
}

// movedAside says which leases of after are new and not at their home ports.
func movedAside(before, after []ports.Lease) (lines []string) {
	for _, l := range after {
		if !slices.ContainsFunc(before, func(b ports.Lease) bool { return b.Request == l.Request && b.Port == l.Port }) {
			lines = append(lines, aside(l)...)
		}
	}
	return lines
}

// aside says why a lease is not at its home port; it is empty where it is.
func aside(l ports.Lease) []string {
	switch {
	case l.Home == l.Port:
		return nil
	case l.Holder == nil:
		return []string{fmt.Sprintf("%s: port %d was taken; using %d for this run", PortLabel(l.Request), l.Home, l.Port)}
	}
	return []string{fmt.Sprintf("%s: port %d is held by %s; using %d for this run", PortLabel(l.Request), l.Home, l.Holder, l.Port)}
}

// postponed are the changes that take effect with the next run only.
func (r *reloader) postponed(next *Project) (lines []string) {
	if r.now.MaxLogSize != next.MaxLogSize {
		lines = append(lines, "logs.max_size changed: it holds from the next \"lhrun up\" on")
	}
	return lines
}

// obstacles are the fixed ports of next that a reload would find taken.
func (r *reloader) obstacles(next *Project) (lines []string) {
	for _, l := range next.Leases {
		if l.Fixed == 0 || slices.ContainsFunc(r.now.Leases, func(mine ports.Lease) bool { return mine.Port == l.Port }) {
			continue
		}
		if err := ports.Free(l.Port); err != nil {
			lines = append(lines, fmt.Sprintf("%s cannot have it: %v", PortLabel(l.Request), err))
		}
	}
	return lines
}

// heal registers the run's ports again where the registry was lost.
func (r *reloader) heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.now.Registry.Restore(r.now.Checkout, r.held); err != nil {
		r.warn("%v", err)
	}
}

// close gives the ports back.
func (r *reloader) close() error {
	r.files.close()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held.Close()
}

// asMistake makes what is wrong with the file, or with the ports that it names, an
// error that another process can tell apart.
func asMistake(err error) error {
	var busy *ports.BusyError
	var usage *UsageError
	var mistakes config.Mistakes
	switch {
	case errors.As(err, &busy):
		return &control.PortError{Text: err.Error()}
	case errors.As(err, &usage), errors.As(err, &mistakes):
		return &control.Mistake{Text: err.Error()}
	case errors.Is(err, supervisor.ErrEnding), errors.Is(err, supervisor.ErrEnded):
		return fmt.Errorf("cannot reload: %w", control.ErrEnded)
	}
	return err
}
