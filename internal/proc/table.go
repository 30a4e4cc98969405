//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Table owns every process it starts and every orphan that descends from one.
// Processes that other code of the program starts stay theirs.
type Table struct {
	run  string
	next atomic.Uint64

	children chan os.Signal
	discard  chan os.Signal
	closed   chan struct{}
	reaper   sync.WaitGroup
	forker   *forker
	idle     idlePipe

	// mu also keeps a leader from being reaped, and its pid from being used
	// again, while somebody signals it.
	mu      sync.Mutex
	leaders map[int]*Process
	marks   map[uint64]*Process
	// owners and strangers remember what attribute found out; see tree.go.
	owners    map[ID]*Process
	strangers map[ID]struct{}
	// looked is when adopt last looked, and settled the same time if that look was final.
	// exiting are those that it found exiting, whoever they belong to.
	looked, settled time.Time
	exiting         []stat
	// kept live on beyond their Process.
	kept []ID
}

// tables counts the open ones. Orphans come to the program, not to a Table, so only the
// last Table may end strays. The next Table waits for that, or its first processes would
// count as strays.
var tables struct {
	sync.Mutex
	open int
}

// NewTable returns an empty Table. The caller must Close it.
//
// It marks the descriptors that this program inherited as close-on-exec, so that no
// child gets them. Signals that were ignored when the program began (nohup, a script's
// &) have their defaults in children.
func NewTable() *Table {
	t := &Table{
		run:       newRunID(),
		children:  make(chan os.Signal, 1),
		discard:   make(chan os.Signal, 1),
		closed:    make(chan struct{}),
		forker:    newForker(),
		leaders:   map[int]*Process{},
		marks:     map[uint64]*Process{},
		owners:    map[ID]*Process{},
		strangers: map[ID]struct{}{},
	}
	tables.Lock()
	tables.open++
	tables.Unlock()
	keepFilesFromChildren()
	defaultInChildren(t.discard)
	signal.Notify(t.children, syscall.SIGCHLD)
	t.reaper.Go(t.reap)
	return t
}

// RunID is the random name that marks this Table's processes.
func (t *Table) RunID() string { return t.run }

// Start starts a process, which must be ended with End even when it exits by
// itself: until then its pid stays taken.
//
// The error wraps exec.ErrNotFound, fs.ErrNotExist, fs.ErrPermission or
// syscall.ENOEXEC where that is the reason.
func (t *Table) Start(s Spec) (*Process, error) {
	path, err := lookup(s)
	if err != nil {
		return nil, err
	}
	n := t.next.Add(1)
	p := &Process{table: t, mark: n, done: make(chan struct{}), gone: make(chan struct{})}
	if err := p.spawn(path, s, marked(s.Env, t.run, n)); err != nil {
		return nil, err
	}
	if !t.register(p) {
		syscall.Kill(-p.id.PID, syscall.SIGKILL)
		p.waiter.wait()
		p.waiter.reap()
		p.closeFiles()
		return nil, fmt.Errorf("cannot start %q: %w", s.Argv[0], os.ErrClosed)
	}
	go p.await()
	return p, nil
}

// register reports false if the Table is closed.
func (t *Table) register(p *Process) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.closed:
		return false
	default:
	}
	t.leaders[p.id.PID] = p
	t.marks[p.mark] = p
	return true
}

// Close kills every process that was not ended yet and returns when they are gone. Where
// orphans come to this program, the last Table's Close also kills those that nothing
// attributes to a Process, but no child that package os started and has neither waited
// for nor released.
func (t *Table) Close() {
	t.mu.Lock()
	select {
	case <-t.closed:
		t.mu.Unlock()
		return
	default:
	}
	close(t.closed)
	var ending sync.WaitGroup
	for _, p := range t.leaders {
		ending.Go(func() { p.End(syscall.SIGKILL, 0, nil) })
	}
	t.mu.Unlock()
	ending.Wait()
	t.endKept()
	t.leave()
	signal.Stop(t.children)
	signal.Stop(t.discard)
	t.reaper.Wait()
	t.forker.close()
	t.idle.close()
}

// leave takes t from the open tables; the last one ends the strays.
func (t *Table) leave() {
	tables.Lock()
	defer tables.Unlock()
	if tables.open--; tables.open == 0 {
		killUntilGone(t.strays)
	}
}

// reap adopts and reaps orphans when children end, at most 50 times a second.
func (t *Table) reap() {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-t.closed:
			return
		case <-t.children:
		}
		t.notice()
		pause.Reset(20 * time.Millisecond)
		select {
		case <-t.closed:
			return
		case <-pause.C:
		}
	}
}

// notice looks for orphans now.
func (t *Table) notice() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.adopt(newForest(), false)
}

// release reaps the leader, so that its pid is free. It does nothing while it runs.
func (t *Table) release(p *Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !p.exited() || t.leaders[p.id.PID] != p {
		return
	}
	p.waiter.reap()
	p.idle.Close() // Mostly there is none.
	delete(t.leaders, p.id.PID)
	delete(t.marks, p.mark)
	for id, owner := range t.owners {
		if owner == p {
			delete(t.owners, id)
		}
	}
	close(p.gone)
}

func reapChild(pid int) {
	for {
		_, err := syscall.Wait4(pid, nil, 0, nil)
		if !errors.Is(err, syscall.EINTR) {
			return
		}
	}
}
