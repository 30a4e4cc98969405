package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// reloader owns what now runs of a project's file: the state that it was read in,
// and the ports. A reload puts another state in its place.
type reloader struct {
	globals globals
	options upOptions
	sup     *supervisor.Supervisor
	view    *view
	files   *fileWatch

	mu   sync.Mutex
	now  *project
	held *ports.Leases
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
	s, err := r.step(next, statuses)
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	return control.Answer{Seq: seq, Operations: s.operations(), Notes: append(r.obstacles(next), r.postponed(next)...)}, nil
}

// Reload has the file as it is now take effect. On an error nothing has changed.
func (r *reloader) Reload(context.Context) (control.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := r.read()
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	held, rest, err := next.registry.Exchange(r.held, next.checkout, next.Requests())
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	next.leases = held.All()
	answer, left, err := r.change(next)
	if err != nil {
		held.Join(rest)
		r.held = held
		return control.Answer{}, asMistake(err)
	}
	r.now, r.held = next, held
	go func() { // What is in rest is in use until then.
		<-left
		_ = rest.Close()
	}()
	return answer, nil
}

// read reads the file and resolves it, with the ports that it would have.
func (r *reloader) read() (*project, error) {
	g := r.globals
	g.file, g.dir = r.now.File, ""
	next, err := g.find()
	if err != nil {
		return nil, err
	}
	if next.checkout != r.now.checkout {
		return nil, usageError("this run is %s (%s), and the file says %s (%s) now: stop it with \"lhrun down\" and start it again",
			r.now.checkout.Project, r.now.checkout.Instance, next.checkout.Project, next.checkout.Instance)
	}
	next.leases, err = next.registry.Peek(next.checkout, next.Requests())
	if err != nil {
		return nil, err
	}
	for i, l := range next.leases {
		for _, mine := range r.now.leases {
			if mine.Request == l.Request && next.registry.Contains(mine.Port) {
				next.leases[i] = mine
			}
		}
	}
	next.resolved, err = next.resolve(next.leases)
	return next, err
}

// change brings next about. Its ports are held.
func (r *reloader) change(next *project) (control.Answer, <-chan struct{}, error) {
	var err error
	if next.resolved, err = next.resolve(next.leases); err != nil {
		return control.Answer{}, nil, err
	}
	statuses, _ := r.sup.SnapshotAt()
	s, err := r.step(next, statuses)
	if err != nil {
		return control.Answer{}, nil, err
	}
	remarks, err := writePortFiles(next.Dir, r.now.resolved.Dotenv, next.resolved.Dotenv)
	if err != nil {
		return control.Answer{}, nil, err
	}
	done, err := r.sup.Apply(supervisor.Reload{
		Services: r.options.services(next.resolved, s.wanted), Env: next.resolved.Env, Restart: s.restarts(), Start: s.starts,
	})
	if err != nil {
		return control.Answer{}, nil, err
	}
	answer := control.Answer{
		Seq: done.Seq, Operations: s.operations(), Changed: s.moving(),
		Notes: slices.Concat(remarks, movedAside(r.now.leases, next.leases), r.postponed(next)),
	}
	answer.Services = append(slices.Clone(answer.Changed), s.those(config.DoRemove)...)
	for _, op := range answer.Operations {
		r.view.say("reload: %s", operation{Operation: op})
	}
	for _, note := range answer.Notes {
		r.view.warn("%s", note)
	}
	r.files.set(next)
	return answer, done.Left, nil
}

// movedAside says which leases of after are new and not at home.
func movedAside(before, after []ports.Lease) (lines []string) {
	for _, l := range after {
		if !slices.ContainsFunc(before, func(b ports.Lease) bool { return b.Request == l.Request && b.Port == l.Port }) {
			lines = append(lines, aside(l)...)
		}
	}
	return lines
}

// aside says why a lease is not at home; nothing where it is.
func aside(l ports.Lease) []string {
	if l.Holder == nil || l.Home == l.Port {
		return nil
	}
	return []string{fmt.Sprintf("%s: port %d is held by %s; using %d for this run", portLabel(l.Request), l.Home, l.Holder, l.Port)}
}

// postponed are the changes that no reload brings about.
func (r *reloader) postponed(next *project) (lines []string) {
	if r.now.MaxLogSize != next.MaxLogSize {
		lines = append(lines, "logs.max_size changed: it holds from the next \"lhrun up\" on")
	}
	return lines
}

// obstacles are the fixed ports of next that a reload would find taken.
func (r *reloader) obstacles(next *project) (lines []string) {
	for _, l := range next.leases {
		if l.Fixed == 0 || slices.ContainsFunc(r.now.leases, func(mine ports.Lease) bool { return mine.Port == l.Port }) {
			continue
		}
		if err := ports.Free(l.Port); err != nil {
			lines = append(lines, fmt.Sprintf("%s cannot have it: %v", portLabel(l.Request), err))
		}
	}
	return lines
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
	switch code := exitCode(err); {
	case errors.As(err, &busy):
		return &control.PortError{Text: err.Error()}
	case code == exitUsage:
		return &control.Mistake{Text: err.Error()}
	case errors.Is(err, supervisor.ErrEnding), errors.Is(err, supervisor.ErrEnded):
		return fmt.Errorf("cannot reload: %w", control.ErrEnded)
	}
	return err
}
