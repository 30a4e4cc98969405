package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Session is a project that this process runs. Open claims the checkout, Prepare
// makes it ready, Start starts it, Close lets go of it.
type Session struct {
	*Project
	options Options
	wanted  []string

	// inspected is the reloader's.
	inspected map[string]bool
	// stamps are of the files that Project was read from.
	stamps   stamps
	instance *Instance
	// dir is the checkout's directory. While it is open, no other one gets its number.
	dir    *os.File
	held   *ports.Leases // until reload owns them
	notes  []string
	reload *reloader
	screen Screen
	mask   mask.Masker
	own    ownLines
	sup    *supervisor.Supervisor
	local  *control.Local
	holds  *holds
	// firstHold is 0 where the run is no one-off run.
	firstHold uint64
	server    *control.Server
	recorder  *recorder
	chronicle *chronicle
	relay     *relay
	front     *front
	edges     *edges
	// certificates are those of the services.
	certificates identities
	// begun closes when the wanted services were asked to start.
	begun chan struct{}
	// stops are the requests of other processes to stop everything; true kills.
	stops chan bool
	stop  context.CancelFunc
	// stopping ends when the end in order begins.
	stopping context.Context
	ended    chan error
	// closing ends what looks after the run, placesKept says that it has ended.
	closing    chan struct{}
	placesKept sync.WaitGroup
	// calmed says that the program's own pages were given back once.
	calmed bool
}

// A service takes some filesEach descriptors: its port's, its process's, its output's
// and its log's. The run itself, and those who talk to it, take spareFiles.
const (
	filesEach  = 6
	spareFiles = 64
)

// Open claims the checkout, ends what a killed run has left of it and leases its
// ports. It returns a RunningError where another process has the checkout. On an
// error nothing is held.
func Open(o Options) (_ *Session, err error) {
	p, wanted, err := o.find()
	if err != nil {
		return nil, err
	}
	inspected, err := inspecting(p.Project, o.Inspect, true)
	if err != nil {
		return nil, err
	}
	if o.Guard == (proc.ID{}) {
		o.Guard = proc.Self() // Without a guard that lives a run counts as abandoned.
	}
	proc.ReserveDescriptors(spareFiles + filesEach*len(p.Services))
	s := &Session{Project: p, wanted: wanted, inspected: inspected, stamps: stampsOf(p), options: o, ended: make(chan error, 1), stops: make(chan bool, 16)}
	s.stopping, s.stop = context.WithCancel(context.Background())
	if s.instance, err = claim(p.Checkout); err != nil {
		return nil, withWanted(sameDir(err), s.wanted)
	}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	if s.dir, err = os.Open(p.Checkout.Dir); err != nil {
		return nil, err
	}
	s.notes = s.instance.sweep(o.lateMasker())
	if s.held, err = p.Registry.Lease(p.Checkout, p.requests(s.wanted)); err != nil {
		return nil, p.withMistakes(err)
	}
	p.Leases = s.held.All()
	if err := refreshRoots(); err != nil {
		s.notes = append(s.notes, "services may not know the system's newest roots: "+err.Error())
	}
	s.certificates.checkout = p.Checkout
	s.certificates.set(p)
	if p.Resolved, err = p.resolve(p.Leases); err != nil {
		return nil, err
	}
	s.mask = p.Masker()
	return s, nil
}

// Wanted returns the services that this run starts.
func (s *Session) Wanted() []string { return s.wanted }

// OwnLog returns the file for lhrun's own lines of a run in the background.
func (s *Session) OwnLog() string { return s.instance.OwnLog() }

// Mask removes the secrets of the project's services from text.
func (s *Session) Mask(text string) string { return s.mask.Text(text) }

// Say tells one line of lhrun's own, without secrets, and keeps it among the lines
// of the services.
func (s *Session) Say(level hclog.Level, text string) {
	text = s.Mask(text)
	s.screen.Say(level, text)
	s.own.add(text)
}

// Keep keeps a line among the lines of the services that is shown otherwise than by Say.
func (s *Session) Keep(text string) { s.own.add(s.Mask(text)) }

func (s *Session) warn(format string, args ...any) {
	s.Say(hclog.Warn, fmt.Sprintf(format, args...))
}

// Prepare writes the port files, makes the supervisor, which writes to screen, and
// serves the run to other processes. On an error the session is closed, and screen
// with it.
func (s *Session) Prepare(screen Screen) (err error) {
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	s.screen = screen
	s.tellNotes()
	remarks, err := writePortFiles(s.Dir, nil, s.Resolved.Dotenv)
	if err != nil {
		return err
	}
	for _, r := range remarks {
		s.warn("%s", r)
	}
	s.sup, err = supervisor.New(supervisor.Options{
		Services:   s.Resolved.Services,
		Env:        s.Resolved.Env,
		Output:     s.screen,
		LogDir:     s.instance.LogDir(),
		MaxLogSize: s.MaxLogSize,
		TTYSize:    s.screen.Size(),
		Subreaper:  true,
		By:         control.Process(os.Getpid()),
		Claim:      func(service string) error { return s.reload.claim(service) },
		Prepare:    s.certificates.renew,
		Listens:    func(service string, ports []int) { s.edges.listens(service, ports) },
	})
	if err != nil {
		return err
	}
	s.own.begin(s.sup)
	if err := s.record(); err != nil {
		return err
	}
	s.keepJournal()
	s.relay = newRelay([]string{RelayVerb, s.Checkout.Project, s.Checkout.Instance}, s.warn)
	s.front, s.edges = &front{relay: s.relay}, newEdges(s.Checkout, s.relay, s.warn)
	s.reload = &reloader{
		stamps:    s.stamps,
		front:     s.front,
		edges:     s.edges,
		inspected: s.inspected,
		options:   s.options, sup: s.sup, warn: s.warn, now: s.Project, held: s.held,
		dirID:        files.DirID(s.Checkout.Dir),
		files:        newFileWatch(s.Dir, s.sup, s.warn),
		certificates: &s.certificates,
	}
	if err := s.serve(); err != nil {
		return err
	}
	if err := s.front.set(s.Resolved.Front); err != nil {
		return err
	}
	s.edges.set(s.Project.Project, s.Resolved.Edges)
	s.reload.watch()
	s.closing = make(chan struct{})
	s.placesKept.Go(s.keepPlaces)
	return nil
}

// tellNotes says what a reader of the stream should know before it begins.
func (s *Session) tellNotes() {
	s.Say(hclog.Info, fmt.Sprintf("%s: starting %s", title(s.Checkout), words.Plural(len(s.wanted), "service")))
	for _, line := range s.notes {
		s.warn("%s", line)
	}
	for _, l := range s.Leases {
		for _, line := range aside(l) {
			s.warn("%s", line)
		}
	}
	for _, n := range s.Resolved.Notices {
		s.warn("%s", n)
	}
}

// record writes down who runs, and keeps that current.
func (s *Session) record() (err error) {
	s.recorder, err = s.instance.keepRecord(record{
		CrashRecord: supervisor.CrashRecord{
			Run: s.sup.RunID(), Supervisor: supervisor.Process(proc.Self()), Guard: supervisor.Process(s.options.Guard),
		},
		Checkout: s.Checkout,
		File:     realPath(s.File),
		DirID:    files.DirID(s.Checkout.Dir),
	}, s.sup)
	if err == nil {
		_ = os.Remove(s.instance.lastPath()) // Of another run; this one may be killed.
	}
	return err
}

// Start runs the supervisor and asks for the wanted services. From then on other
// processes see the run. Ended tells of its end.
//
// The number is that of the last event of its first effects.
func (s *Session) Start() (effective uint64, err error) {
	go func() { s.ended <- s.sup.Run(s.stopping) }()
	defer close(s.begun)
	accepted, err := s.sup.Do(supervisor.Command{Verb: supervisor.VerbStart, Services: s.wanted, NoDeps: true})
	if errors.Is(err, supervisor.ErrEnding) {
		err = nil // Ended tells of that.
	}
	return accepted.Effective, err
}

// isStarted reports whether Start was called.
func (s *Session) isStarted() bool {
	select {
	case <-s.begun:
		return true
	default: // Or there is nothing yet to be closed.
		return false
	}
}

// Control returns the run as other processes see it.
func (s *Session) Control() control.Project { return s.local }

// Stop begins the end in order. It may be called again.
func (s *Session) Stop() { s.stop() }

// Stopping reports whether the end in order has begun.
func (s *Session) Stopping() bool { return s.stopping.Err() != nil }

// Kill ends all services at once.
func (s *Session) Kill() { s.sup.Kill() }

// Resize tells services that have a terminal its new size.
func (s *Session) Resize() { s.sup.Resize(s.screen.Size()) }

// Ended tells once that nothing runs any more, with the error of the log store.
func (s *Session) Ended() <-chan error { return s.ended }

// Close lets go of the checkout, in which nothing runs any more.
func (s *Session) Close() error {
	s.stop()
	if s.closing != nil {
		close(s.closing)
		s.placesKept.Wait()
	}
	var err error
	if s.relay != nil {
		s.relay.close()
		s.edges.close()
	}
	if s.server != nil {
		err = s.server.Close()
	}
	s.remember()
	if s.chronicle != nil {
		s.chronicle.end(s.isStarted())
	}
	if s.reload != nil {
		err = errors.Join(err, s.reload.close())
	} else if s.held != nil {
		err = errors.Join(err, s.held.Close())
	}
	if s.screen != nil {
		_ = s.screen.Close()
	}
	if s.recorder != nil {
		s.recorder.close()
		s.own.end(s.instance.LogDir(), s.MaxLogSize)
		s.pruneLogs()
	}
	if s.dir != nil {
		_ = s.dir.Close()
	}
	if e := s.instance.release(); err == nil {
		err = e
	}
	return err
}
