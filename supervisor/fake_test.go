package supervisor

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/ports"
)

// fakePlatform stands for an operating system whose processes do what a test says.
type fakePlatform struct {
	mu      sync.Mutex
	nextPID int
	live    map[string]*fakeProcess // by argv[0]
	starts  map[string]int
	specs   map[string]proc.Spec // the last one each
	order   []string             // "+db", "-db" as they start and end
	refuse  map[string]error
	busy    map[int]error
	probe   func(argv string) (int, error)
	hang    func(context.Context) error // instead of probe
	stops   map[string]time.Duration    // time to end after a signal
}

func newFake() *fakePlatform {
	return &fakePlatform{
		live: map[string]*fakeProcess{}, starts: map[string]int{}, specs: map[string]proc.Spec{}, refuse: map[string]error{},
		busy: map[int]error{}, stops: map[string]time.Duration{},
	}
}

type fakeProcess struct {
	p    *fakePlatform
	name string
	pid  int
	done chan struct{}
	once sync.Once
	exit proc.Exit
	out  *os.File
	// target is what the watcher was asked for.
	target  ports.Target
	signals []syscall.Signal
}

func (p *fakePlatform) start(spec proc.Spec) (process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := spec.Argv[0]
	p.starts[name]++
	p.specs[name] = spec
	if err := p.refuse[name]; err != nil {
		return nil, err
	}
	if p.live[name] != nil {
		return nil, errors.New("two at once: " + name)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	_ = w.Close()
	p.nextPID++
	f := &fakeProcess{p: p, name: name, pid: p.nextPID, done: make(chan struct{}), out: r}
	p.live[name] = f
	p.order = append(p.order, "+"+name)
	return f, nil
}

func (p *fakePlatform) run(ctx context.Context, spec proc.Spec) (proc.Exit, []byte, error) {
	if p.hang != nil {
		return proc.Exit{}, nil, p.hang(ctx)
	}
	code, err := p.probe(spec.Argv[0])
	return proc.Exit{Code: code}, []byte("says " + spec.Argv[0] + "\n"), err
}

func (p *fakePlatform) free(port int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy[port]
}

func (p *fakePlatform) runtimeDir() (string, error) { return os.TempDir(), nil }
func (p *fakePlatform) runID() string               { return "fake" }
func (p *fakePlatform) close()                      {}

func (p *fakePlatform) watch(t ports.Target) watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	pid := t.Tree()[0]
	for _, f := range p.live {
		if f.pid == pid {
			f.target = t
		}
	}
	return noWatch{}
}

type noWatch struct{}

func (noWatch) Settle() {}
func (noWatch) Remove() {}

func (p *fakePlatform) spec(name string) proc.Spec {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.specs[name]
}

// process is the live one of that name; nil when there is none.
func (p *fakePlatform) process(name string) *fakeProcess {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live[name]
}

func (f *fakeProcess) die(code int) {
	f.once.Do(func() {
		f.exit = proc.Exit{Code: code}
		f.p.mu.Lock()
		delete(f.p.live, f.name)
		f.p.order = append(f.p.order, "-"+f.name)
		f.p.mu.Unlock()
		close(f.done)
	})
}

func (f *fakeProcess) PID() int              { return f.pid }
func (f *fakeProcess) Done() <-chan struct{} { return f.done }
func (f *fakeProcess) Exit() proc.Exit       { return f.exit }
func (f *fakeProcess) Output() *os.File      { return f.out }
func (f *fakeProcess) Resize(proc.Size)      {}
func (f *fakeProcess) Mark() uint64          { return uint64(f.pid) }
func (f *fakeProcess) Pipe() string          { return "" }
func (f *fakeProcess) ID() proc.ID           { return proc.ID{PID: f.pid} }
func (f *fakeProcess) Members() []proc.ID    { return []proc.ID{{PID: f.pid}} }

func (f *fakeProcess) Signal(sig syscall.Signal) error {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.signals = append(f.signals, sig)
	return nil
}

func (f *fakeProcess) Tree() []int {
	select {
	case <-f.done:
		return nil
	default:
		return []int{f.pid}
	}
}

func (f *fakeProcess) End(sig syscall.Signal, timeout time.Duration, kill <-chan struct{}) error {
	f.p.mu.Lock()
	f.signals = append(f.signals, sig)
	takes := f.p.stops[f.name]
	f.p.mu.Unlock()
	select {
	case <-f.done:
	case <-time.After(takes):
		f.die(128 + int(sig))
	case <-time.After(timeout):
		f.die(137)
	case <-kill:
		f.die(137)
	}
	return nil
}
