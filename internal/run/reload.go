package run

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
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
	edges   *edges
	// inspected says of services whether they are inspected, whatever the file says.
	inspected map[string]bool
	// dirID is the number of the directory in which the run began.
	dirID string
	// certificates are those of the services.
	certificates *identities

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
func (r *reloader) Plan(_ context.Context, ask control.Request) (control.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, err := r.read(ask)
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	statuses, seq := r.sup.SnapshotAt()
	s, err := r.plan(next, ask, statuses)
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	notes := append(r.obstacles(next.Project, s.needed(statuses)), r.postponed(next.Project)...)
	return control.Answer{Seq: seq, Effective: seq, Operations: s.operations(), Notes: notes}, nil
}

// Reload applies the file as it is now to the run, or what is asked for of it. On an error
// nothing has changed.
func (r *reloader) Reload(ctx context.Context, ask control.Request) (control.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	read := stampsOf(r.now) // Before it is read: what changes meanwhile has changed since.
	next, err := r.read(ask)
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	needed, err := r.needed(next, ask)
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	held, rest, err := next.Registry.Exchange(r.held, next.Checkout, next.requests(needed))
	if err != nil {
		return control.Answer{}, asMistake(err)
	}
	next.Leases = held.All()
	answer, left, err := r.change(next, ask, control.Asker(ctx))
	if err != nil {
		held.Join(rest)
		r.held = held
		return control.Answer{}, asMistake(err)
	}
	r.now, r.held, r.looked, r.inspected = next.Project, held, nil, next.inspected
	if ask.Verb == control.VerbInspect { // The file was not read.
		r.closeWhenLeft(left, rest)
		return answer, nil
	}
	if next.taken == nil || !r.differs() { // Else the file has more that is not taken yet.
		r.stamps = read
	}
	r.stamps = r.stamps.with(stampsOf(r.now))
	r.closeWhenLeft(left, rest)
	return answer, nil
}

// closeWhenLeft gives ports back that are in use until left.
func (r *reloader) closeWhenLeft(left <-chan struct{}, rest *ports.Leases) {
	go func() {
		<-left
		r.edges.prune()
		_ = rest.Close()
	}()
}

// nextState is a state of the project that may follow. taken are the services that the file
// was read for; nil is the whole of it.
type nextState struct {
	*Project
	taken []string
	// inspected is the reloader's from then on.
	inspected map[string]bool
}

// read is the state that ask leads to, resolved, with the ports that it would have.
func (r *reloader) read(ask control.Request) (next nextState, err error) {
	if ask.Verb == control.VerbInspect {
		next, err = r.inspecting(ask)
	} else {
		next, err = r.readFile(ask.Services)
	}
	if err != nil {
		return next, err
	}
	next.Leases, err = next.Registry.Lookup(next.Checkout, next.Requests())
	if err != nil {
		return next, err
	}
	for i, l := range next.Leases {
		for _, mine := range r.now.Leases {
			if mine.Request == l.Request && next.Registry.Contains(mine.Port) {
				next.Leases[i] = mine
			}
		}
	}
	return next, r.resolve(next)
}

// readFile reads the file, for those services or the whole of it.
func (r *reloader) readFile(services []string) (next nextState, err error) {
	if _, err := os.Stat(r.now.Dir); errors.Is(err, fs.ErrNotExist) {
		return next, usageError("the directory of this run, %s, was renamed or deleted: stop it with \"lhrun down\" and start it again", r.now.Dir)
	}
	here := r.options.Locate
	here.File, here.Dir = r.now.File, r.now.Dir // This process's own may have been deleted.
	if next.Project, err = here.Find(); err != nil {
		return next, err
	}
	if next.Checkout != r.now.Checkout {
		return next, usageError("this run is %s (%s), and the file says %s (%s) now: stop it with \"lhrun down\" and start it again",
			r.now.Checkout.Project, r.now.Checkout.Instance, next.Checkout.Project, next.Checkout.Instance)
	}
	if len(services) > 0 {
		mixed, taken, err := r.now.Partly(next.Project.Project, services)
		if err != nil {
			return next, &UsageError{err}
		}
		next.Project = &Project{Project: mixed, Registry: r.now.Registry, Checkout: r.now.Checkout}
		next.taken = taken
	}
	next.inspected = r.inspected
	next.Project.Project = next.WithInspect(r.inspected)
	return next, nil
}

// resolve fills next in, with its ports. What is not taken stays as it is now.
func (r *reloader) resolve(next nextState) error {
	resolved, err := next.resolve(next.Leases)
	if err == nil && next.taken != nil {
		resolved = r.now.Resolved.Partly(resolved, next.taken)
	}
	next.Resolved = resolved
	return err
}

// change makes next what runs. Its ports are held.
func (r *reloader) change(next nextState, ask control.Request, by supervisor.By) (control.Answer, <-chan struct{}, error) {
	if err := r.resolve(next); err != nil {
		return control.Answer{}, nil, err
	}
	statuses, _ := r.sup.SnapshotAt()
	s, err := r.plan(next, ask, statuses)
	if err != nil {
		return control.Answer{}, nil, err
	}
	remarks, err := writePortFiles(next.Dir, r.now.Resolved.Dotenv, next.Resolved.Dotenv)
	if err != nil {
		return control.Answer{}, nil, err
	}
	r.certificates.set(next.Project)
	r.edges.set(next.Project.Project, next.Resolved.Edges) // Before callers look for them.
	done, err := r.sup.Apply(supervisor.Reload{
		Services: next.Resolved.Services, Env: next.Resolved.Env, Restart: s.restarts(), Start: s.starts,
		NoDeps: s.alone, By: by, Asked: strings.Join(append([]string{string(ask.Verb)}, ask.Services...), " "),
	})
	if err != nil {
		r.certificates.set(r.now)
		r.edges.set(r.now.Project, r.now.Resolved.Edges)
		r.edges.prune()
		return control.Answer{}, nil, err
	}
	answer := control.Answer{
		Seq: done.Seq, Effective: done.Effective, Operations: s.operations(), Changed: s.moving(),
		Notes: slices.Concat(remarks, movedAside(r.now.Leases, next.Leases), r.postponed(next.Project)),
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
	r.files.set(next.Project)
	return answer, done.Left, nil
}

// postponed are the changes that take effect with the next run only.
func (r *reloader) postponed(next *Project) (lines []string) {
	if r.now.MaxLogSize != next.MaxLogSize {
		lines = append(lines, "logs.max_size changed: it holds from the next \"lhrun up\" on")
	}
	return lines
}

// obstacles are the fixed ports of next, of the needed services, that a reload would find
// taken.
func (r *reloader) obstacles(next *Project, needed []string) (lines []string) {
	for _, l := range next.Leases {
		if l.Fixed == 0 || !slices.Contains(needed, l.Service) || slices.ContainsFunc(r.now.Leases, func(mine ports.Lease) bool { return mine.Port == l.Port }) {
			continue
		}
		if err := ports.Free(l.Port); err != nil {
			lines = append(lines, fmt.Sprintf("%s cannot have it: %v", PortLabel(l.Request), err))
		}
	}
	return lines
}

// needed are the services that run after a reload of next.
func (r *reloader) needed(next nextState, ask control.Request) ([]string, error) {
	statuses, _ := r.sup.SnapshotAt()
	s, err := r.plan(next, ask, statuses)
	if err != nil {
		return nil, err
	}
	return s.needed(statuses), nil
}

// claim leases the ports of a service that is about to start and that nobody had asked for
// when they were taken.
func (r *reloader) claim(service string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held.Claim(service)
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
