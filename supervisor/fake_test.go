package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// fakePlatform stands for a machine whose services are no processes: they have no
// pid, and do what a test says.
type fakePlatform struct {
	mu       sync.Mutex
	live     map[string]*fakeInstance // by argv[0]
	starts   map[string]int
	sockets  uint64
	commands map[string]command // the last one each
	order    []string           // "+db", "-db" as they start and end
	refuse   map[string]error
	slow     map[string]chan struct{} // those that start until they are called off and this closes
	busy     map[int]error
	outside  map[int]error // what listens that no test has started; nil is this user's
	probe    func(argv string) (int, error)
	hang     func(context.Context) error // instead of probe
	stops    map[string]time.Duration    // time to end after a signal
	leaves   map[string][]string         // what lives on after an exit
	apart    []string                    // what End says that it ended
}

func newFake() *fakePlatform {
	return &fakePlatform{
		live: map[string]*fakeInstance{}, starts: map[string]int{}, commands: map[string]command{}, refuse: map[string]error{},
		slow: map[string]chan struct{}{},
		busy: map[int]error{}, outside: map[int]error{}, stops: map[string]time.Duration{}, leaves: map[string][]string{},
	}
}

type fakeInstance struct {
	p    *fakePlatform
	name string
	id   string
	done chan struct{}
	once sync.Once
	exit exitStatus
	// socket is the number of all that it listens on.
	socket uint64
	out    *os.File
	// target is what the watcher was asked for.
	target    ports.Target
	signals   []syscall.Signal
	sizes     []Size
	suspended int
	keep      []string
}

func (p *fakePlatform) Start(ctx context.Context, c command) (instance, error) {
	if slow := p.isSlow(c.Argv[0]); slow != nil {
		<-ctx.Done()
		<-slow
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	name := c.Argv[0]
	p.starts[name]++
	p.commands[name] = c
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
	p.sockets++
	f := &fakeInstance{p: p, name: name, id: fmt.Sprint(name, "/", p.starts[name]), socket: p.sockets, done: make(chan struct{}), out: r}
	p.live[name] = f
	p.order = append(p.order, "+"+name)
	return f, nil
}

func (p *fakePlatform) isSlow(name string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slow[name]
}

func (p *fakePlatform) Run(ctx context.Context, c command) (exitStatus, []byte, error) {
	if p.hang != nil {
		return exitStatus{}, nil, p.hang(ctx)
	}
	code, err := p.probe(c.Argv[0])
	return exitStatus{Code: code}, []byte("says " + c.Argv[0] + "\n"), err
}

func (p *fakePlatform) free(port int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy[port]
}

func (p *fakePlatform) setBusy(port int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.busy[port] = err
}

func (p *fakePlatform) notifyPath() (string, error) { return "", errors.New("no sockets here") }
func (p *fakePlatform) mine(port int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err, known := p.outside[port]; known {
		return err
	}
	return ports.ErrNobody
}

func (p *fakePlatform) RunID() string { return "fake" }
func (p *fakePlatform) Close()        {}
func (p *fakePlatform) close()        {}

func (p *fakePlatform) watch(t ports.Target) watch {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.live {
		if t.Owns(ports.Listener{ID: f.socket}) {
			f.target = t
		}
	}
	return noWatch{}
}

type noWatch struct{}

func (noWatch) Settle() {}
func (noWatch) Remove() {}

func (p *fakePlatform) command(name string) command {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.commands[name]
}

// instance is the live one of that name; nil when there is none.
func (p *fakePlatform) instance(name string) *fakeInstance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live[name]
}

func (f *fakeInstance) die(code int) {
	f.once.Do(func() {
		f.exit = exitStatus{Code: code}
		f.p.mu.Lock()
		delete(f.p.live, f.name)
		f.p.order = append(f.p.order, "-"+f.name)
		f.p.mu.Unlock()
		close(f.done)
	})
}

func (f *fakeInstance) Target() ports.Target {
	return ports.Target{Owns: func(l ports.Listener) bool { return l.ID == f.socket }}
}

func (f *fakeInstance) Done() <-chan struct{} { return f.done }
func (f *fakeInstance) Exit() exitStatus      { return f.exit }
func (f *fakeInstance) Output() *os.File      { return f.out }
func (f *fakeInstance) Includes(lineage) bool { return false }
func (f *fakeInstance) Usage() (Usage, bool)  { return Usage{CPU: time.Second, Memory: 1 << 20}, true }
func (f *fakeInstance) Suspended() int        { return f.suspended }
func (f *fakeInstance) Handle() Handle        { return Handle{ID: f.id} }

func (f *fakeInstance) Resize(size Size) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.sizes = append(f.sizes, size)
}

func (f *fakeInstance) Signal(sig syscall.Signal) error {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.signals = append(f.signals, sig)
	return nil
}

func (f *fakeInstance) Parts([]string) (parts []Handle) {
	select {
	case <-f.done:
	default:
		parts = append(parts, f.Handle())
	}
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	for _, id := range f.p.leaves[f.name] {
		parts = append(parts, Handle{ID: id})
	}
	return parts
}

func (f *fakeInstance) End(how Stop, kill <-chan struct{}) ([]string, error) {
	f.p.mu.Lock()
	f.signals = append(f.signals, how.Signal)
	f.keep = how.Keep
	takes := f.p.stops[f.name]
	f.p.mu.Unlock()
	select {
	case <-f.done:
	case <-time.After(takes):
		f.die(128 + int(how.Signal))
	case <-time.After(how.Timeout):
		f.die(137)
	case <-kill:
		f.die(137)
	}
	return f.p.apart, nil
}
