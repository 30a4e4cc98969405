// Package supervisor runs services in dependency order, waits until each is
// ready, restarts what fails and ends whole process trees.
//
// It knows no configuration file, no flags and no terminal: a Go program can run
// services with it in its own tests.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/lhrun/lhrun/internal/graph"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/mask"
)

// Output takes what services write. Lines gets whole lines, each ended by '\n';
// Preview gets the beginning of a line whose end has not come for a while, which
// comes again whole. Both are called from many goroutines; a slow Output slows
// the services.
type Output interface {
	Lines(service string, at time.Time, block []byte) error
	Preview(service string, at time.Time, text []byte) error
}

// Options configure a Supervisor.
type Options struct {
	// Services in any order; names are unique.
	Services []Service
	// Env is the environment of every service, before its own; nil is empty. What a
	// service manager said in it to one process is left out: LISTEN_FDS,
	// NOTIFY_SOCKET, WATCHDOG_USEC and their like.
	Env []string
	// Output takes the services' lines; nil throws them away.
	Output Output
	// LogDir keeps the services' output on disk; "" keeps none. MaxLogSize bounds
	// it per service, in bytes (0: 10 MiB).
	LogDir     string
	MaxLogSize int64
	// TTYSize is the size of pseudo-terminals (zero: 24 rows, 80 columns).
	TTYSize Size
	// Prepare, unless nil, is called before each start of a service, which fails with its
	// error. It runs beside other starts.
	Prepare func(Service) error
	// Subreaper makes this process adopt whatever its services double-fork, so
	// that it can be ended too. It changes the whole process.
	Subreaper bool
	// Claim, unless nil, is called before each start of a service, beside the loop. An error
	// says why the service cannot have its ports, and is the failure of that start.
	Claim func(service string) error
	// By is whoever runs the supervisor: who asks for what names nobody else.
	By By
	// Listens, unless nil, hears which ports a service's process listens on, whenever that
	// changes; of one that lhrun does not run, all of its ports while it is up. It is called
	// by the loop and must not wait. Services with Listen are not told.
	Listens func(service string, ports []int)
}

// Size is a terminal's, in characters.
type Size struct{ Rows, Cols uint16 }

// Supervisor runs services. Make it with New, then call Run.
type Supervisor struct {
	opts     Options
	platform platform
	spawning *semaphore.Weighted
	base     environment
	hub      hub
	size     atomic.Pointer[Size]
	store    *logs.Store

	inbox chan func()
	done  chan struct{}
	kill  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup

	// What follows belongs to the loop.
	// mask hides the secrets of all environments that there were in this run.
	mask    mask.Masker
	units   []*unit
	byName  map[string]*unit
	closing bool
	// endBy is whoever ends the run; the zero By is Options.By.
	endBy  By
	killed bool
	// moved: some actual or desired state changed, so advance has to look again.
	moved bool
	// blockers is tryStart's, kept for its memory.
	blockers []blocker
	// stale: the published snapshot is not the newest.
	stale bool
	// reordered: a reload has changed the list of services since the last publication.
	reordered bool
	events    []Event
}

// New checks the services and prepares to run them. It returns an error for a
// name used twice, an unknown dependency, a cycle, or a LogDir it can't use.
func New(opts Options) (*Supervisor, error) {
	p, err := newPlatform(opts)
	if err != nil {
		return nil, err
	}
	s, err := newSupervisor(opts, p)
	if err != nil {
		p.close()
	}
	return s, err
}

func newSupervisor(opts Options, p platform) (*Supervisor, error) {
	s := &Supervisor{
		opts:     opts,
		platform: p,
		spawning: semaphore.NewWeighted(int64(2 * runtime.GOMAXPROCS(0))),
		base:     newEnvironment(opts.Env),
		inbox:    make(chan func(), 256),
		done:     make(chan struct{}),
		kill:     make(chan struct{}),
		byName:   make(map[string]*unit),
		stale:    true,
	}
	s.size.Store(&opts.TTYSize)
	if s.opts.Output == nil {
		s.opts.Output = discard{}
	}
	if err := check(opts.Services); err != nil {
		return nil, err
	}
	for _, svc := range opts.Services {
		u := newUnit(svc.withDefaults())
		u.announced = u.status
		s.units = append(s.units, u)
		s.byName[svc.Name] = u
	}
	s.link()
	s.mask = mask.New(s.environs()...)
	if opts.LogDir != "" {
		store, err := logs.Open(opts.LogDir, logs.StoreOptions{MaxSize: opts.MaxLogSize})
		if err != nil {
			return nil, err
		}
		if err := store.NewRun(p.RunID(), time.Now()); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		s.store = store
	}
	s.publish()
	return s, nil
}

// RunID marks everything that this supervisor starts: LHRUN_RUN in a process's
// environment begins with it.
func (s *Supervisor) RunID() string { return s.platform.RunID() }

// check refuses services that cannot run together.
func check(services []Service) error {
	byName := make(map[string]Service, len(services))
	var names []string
	for _, svc := range services {
		if _, twice := byName[svc.Name]; twice {
			return fmt.Errorf("cannot have two services named %q", svc.Name)
		}
		if len(svc.Command) == 0 && !svc.External {
			return fmt.Errorf("cannot run service %q: it has no command", svc.Name)
		}
		byName[svc.Name] = svc
		names = append(names, svc.Name)
	}
	needs := func(name string) []string {
		svc := byName[name]
		return svc.needs()
	}
	for _, svc := range services {
		for _, d := range needs(svc.Name) {
			if _, known := byName[d]; !known {
				return fmt.Errorf("service %q depends on unknown service %q", svc.Name, d)
			}
		}
	}
	if path := graph.Cycle(names, needs); path != nil {
		return fmt.Errorf("services depend on each other in a circle: %s", strings.Join(path, " -> "))
	}
	return nil
}

// Run is the loop. It starts nothing by itself: call Start, which waits for Run to
// take it. When ctx ends it stops every service, dependents first, and returns when
// the last process is gone; Kill hastens that. The error is of the log store.
func (s *Supervisor) Run(ctx context.Context) error {
	defer s.hub.close()
	defer s.endTerminals()
	interrupted := ctx.Done()
	for {
		s.advance()
		s.forget()
		s.publish()
		if s.closing && s.idle() {
			break
		}
		select {
		case f := <-s.inbox:
			f()
			s.drain()
		case <-interrupted:
			interrupted = nil
			s.shutdown()
		}
	}
	close(s.done)
	s.wg.Wait()
	s.platform.close()
	return s.closeStore()
}

// Done closes when the last process is gone and all that it wrote is kept.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// drain handles what else has come, so that a crowd costs one publication.
func (s *Supervisor) drain() {
	for range cap(s.inbox) {
		select {
		case f := <-s.inbox:
			f()
		default:
			return
		}
	}
}

// Record keeps a line of the caller's own beside what the services write, under a
// name that should be no service's. It reports false when nothing is kept: before
// there is a LogDir, and after Run.
func (s *Supervisor) Record(name string, at time.Time, line string) bool {
	if s.store == nil {
		return false
	}
	log, err := s.store.Log(name)
	return err == nil && log.Append(at, []byte(line+"\n"))
}

// KeepRest keeps on disk what processes have written that is still on its way, where
// an Output that has stalled keeps it from being read, or a machine that has no time
// for that. It is for a program that ends without Run's return: what is kept by it is
// not shown any more.
func (s *Supervisor) KeepRest() {
	if s.store != nil {
		s.store.Rescue()
	}
}

func (s *Supervisor) closeStore() error {
	if s.store == nil {
		return nil
	}
	return s.store.Close()
}

// post hands f to the loop. After the loop's end f is dropped.
func (s *Supervisor) post(f func()) {
	select {
	case s.inbox <- f:
	case <-s.done:
	}
}

// spawn runs f beside the loop, which waits for it before it returns.
func (s *Supervisor) spawn(f func()) {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		f()
	}()
}

func (s *Supervisor) idle() bool {
	for _, u := range s.units {
		if u.attempt != nil {
			return false
		}
	}
	return true
}

// environs are the environments of the services as they are now.
func (s *Supervisor) environs() [][]string {
	all := [][]string{s.base.pairs}
	for _, u := range s.units {
		all = append(all, u.Env)
	}
	return all
}

// publish makes the newest statuses the snapshot, and tells of each that has changed.
func (s *Supervisor) publish() {
	for _, u := range s.units {
		if u.desiredChanged() {
			s.amend(u, func(*Status) {})
		}
		if u.status != u.announced {
			s.tell(u, Event{Kind: EventState})
		}
	}
	if s.reordered { // The new ones have been told of by now.
		s.reordered = false
		s.events = append(s.events, Event{Kind: EventOrder, Time: time.Now(), Order: s.names()})
	}
	if !s.stale && s.events == nil {
		return
	}
	statuses := make([]*Status, len(s.units))
	for i, u := range s.units {
		statuses[i] = u.status
	}
	s.hub.publish(statuses, s.events)
	s.events, s.stale = nil, false
}

// Snapshot returns the status of every service, in the order of Options.
func (s *Supervisor) Snapshot() []Status {
	statuses, _ := s.SnapshotAt()
	return statuses
}

// SnapshotAt is Snapshot with the number of the last event that it includes, from
// which Events misses nothing.
func (s *Supervisor) SnapshotAt() ([]Status, uint64) { return s.hub.snapshot() }

// Subscribe returns the events from now on. A reader that falls more than buffer
// events behind misses some, which Event.Seq shows. The channel closes when the
// subscription is cancelled or Run returns.
func (s *Supervisor) Subscribe(buffer int) (events <-chan Event, cancel func()) {
	return s.hub.subscribe(buffer)
}

type discard struct{}

func (discard) Lines(string, time.Time, []byte) error   { return nil }
func (discard) Preview(string, time.Time, []byte) error { return nil }
