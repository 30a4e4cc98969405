package cli

import (
	"errors"
	"os"
	"slices"

	"golang.org/x/term"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// session is a project that this process runs: its checkout claimed, its ports
// leased, its port files written, its supervisor made.
type session struct {
	*project
	globals *globals
	options upOptions
	wanted  []string

	*watch

	instance *instance
	held     *ports.Leases // until reload owns them
	reload   *reloader
	screen   screen
	own      ownLines
	sup      *supervisor.Supervisor
	local    *control.Local
	server   *control.Server
	begun    chan struct{}
	// downs are the wishes of other processes that all be stopped; true kills.
	downs    chan bool
	recorder *recorder
	// met closes when the one who began this run in the background looks at it.
	met <-chan struct{}
}

// A service takes some filesEach descriptors: its port's, its process's, its output's
// and its log's. The run itself, and those who talk to it, take spareFiles.
const (
	filesEach  = 6
	spareFiles = 64
)

// openSession does all that comes before the first spawn. On an error nothing is
// held and nothing runs.
func (g *globals) openSession(o upOptions, guard *proc.GuardedSide) (_ *session, err error) {
	p, err := g.find()
	if err != nil {
		return nil, err
	}
	proc.ReserveDescriptors(spareFiles + filesEach*len(p.Services))
	ses := &session{project: p, globals: g, options: o}
	if ses.wanted, err = p.Select(o.names, g.profiles, o.noDeps); err != nil {
		return nil, err
	}
	if len(ses.wanted) == 0 {
		return nil, usageError("no service starts by itself here: name one, or a --profile")
	}
	if ses.instance, err = claim(p.checkout); err != nil {
		return nil, held(err, ses.wanted)
	}
	defer func() {
		if err != nil {
			_ = ses.close()
		}
	}()
	swept := ses.instance.sweep()
	if ses.held, err = p.registry.Lease(p.checkout, p.Requests()); err != nil {
		return nil, err
	}
	p.leases = ses.held.All()
	if p.resolved, err = p.resolve(p.leases); err != nil {
		return nil, err
	}
	if ses.screen, err = ses.openScreen(g); err != nil {
		return nil, err
	}
	ses.watch = &watch{board: newBoard(ses.wanted), view: newView(ses.screen, ses.wanted, p.masker())}
	ses.view.keep = ses.own.add
	ses.view.header(ses.project, len(ses.wanted))
	ses.tellBeforehand(swept)
	return ses, ses.prepare(o, guard)
}

// prepare writes the port files and makes the supervisor.
func (ses *session) prepare(o upOptions, guard *proc.GuardedSide) error {
	remarks, err := writePortFiles(ses.Dir, nil, ses.resolved.Dotenv)
	if err != nil {
		return err
	}
	for _, r := range remarks {
		ses.view.warn("%s", r)
	}
	ses.sup, err = supervisor.New(supervisor.Options{
		Services:   o.services(ses.resolved, ses.wanted),
		Env:        ses.resolved.Env,
		Output:     ses.screen,
		LogDir:     ses.instance.logs(),
		MaxLogSize: ses.MaxLogSize,
		TTYSize:    terminalSize(ses.screen.File()),
		Subreaper:  true,
	})
	if err != nil {
		return err
	}
	ses.own.begin(ses.sup)
	ses.recorder, err = ses.instance.keepRecord(record{
		CrashRecord: supervisor.CrashRecord{
			Run: ses.sup.RunID(), Supervisor: supervisor.Process(proc.Self()), Guard: supervisor.Process(guard.Guard()),
		},
		Checkout: ses.checkout,
		File:     realPath(ses.File),
	}, ses.sup)
	if err != nil {
		return err
	}
	_ = os.Remove(ses.instance.lastPath()) // Of another run; this one may be killed.
	ses.reload = &reloader{
		globals: *ses.globals, options: o, sup: ses.sup, view: ses.view, now: ses.project, held: ses.held,
		files: newFileWatch(ses.Dir, ses.sup, ses.view.warn),
	}
	if err := ses.serve(); err != nil {
		return err
	}
	ses.reload.watch()
	return nil
}

// openScreen is where this run writes: to the terminal that it was started in, or,
// in the background, to a file and at first to the one that began it.
func (ses *session) openScreen(g *globals) (screen, error) {
	switch {
	case g.away:
		return newAwayScreen(ses.instance.ownLog(), g.Out)
	case ses.options.openScreen != nil:
		return ses.options.openScreen(ses.wanted), nil
	}
	return g.newScreen(ses.options, ses.wanted), nil
}

// services are all of the project's; with --no-deps the wanted ones wait only for
// each other.
func (o upOptions) services(r *config.Resolved, wanted []string) []supervisor.Service {
	services := slices.Clone(r.Services)
	if !o.noDeps {
		return services
	}
	for i, svc := range services {
		services[i].DependsOn = slices.DeleteFunc(slices.Clone(svc.DependsOn), func(d supervisor.Dependency) bool {
			return !slices.Contains(wanted, d.Name)
		})
	}
	return services
}

// tellBeforehand says what a reader of the stream should know before it begins.
func (ses *session) tellBeforehand(swept []string) {
	for _, line := range swept {
		ses.view.warn("%s", line)
	}
	for _, l := range ses.leases {
		for _, line := range aside(l) {
			ses.view.warn("%s", line)
		}
	}
	for _, n := range ses.resolved.Notices {
		ses.view.warn("%s", n)
	}
}

func portLabel(r ports.Request) string {
	if r.Name == "" {
		return r.Service
	}
	return r.Service + "." + r.Name
}

// close gives back what the session holds. A session that never came to run its
// supervisor may be closed too.
func (ses *session) close() error {
	var err error
	if ses.server != nil {
		ses.awaitMet()
		err = ses.server.Close()
	}
	ses.remember()
	if ses.reload != nil {
		err = errors.Join(err, ses.reload.close())
	} else if ses.held != nil {
		err = errors.Join(err, ses.held.Close())
	}
	if ses.screen != nil {
		_ = ses.screen.Close()
	}
	if ses.recorder != nil {
		ses.recorder.close()
		ses.own.end(ses.instance.logs(), ses.MaxLogSize)
	}
	if e := ses.instance.release(); err == nil {
		err = e
	}
	return err
}

func terminalSize(f *os.File) supervisor.Size {
	cols, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return supervisor.Size{}
	}
	return supervisor.Size{Rows: uint16(rows), Cols: uint16(cols)}
}
