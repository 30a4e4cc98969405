//go:build linux || darwin || freebsd

package run

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lhrun/lhrun/internal/handoff"
	"github.com/lhrun/lhrun/internal/proc"
)

// relay is the process that carries traffic, and the sockets that it serves. The process
// begins with the first connection to one of them; a connection that comes while there is
// none waits in the kernel.
type relay struct {
	// args are those of the lhrun that is the process.
	args []string
	warn func(format string, args ...any)
	// connected gets something when somebody connects before anybody serves, changed when
	// the process has to know something new.
	connected, changed chan struct{}
	closing            chan struct{}
	ended              sync.WaitGroup

	mu      sync.Mutex
	last    int
	sockets map[int]*relaySocket
	state   handoff.State
	serving bool
	process *os.Process
	closed  bool
}

type relaySocket struct {
	kind handoff.Kind
	file *os.File
}

func newRelay(args []string, warn func(format string, args ...any)) *relay {
	return &relay{
		args: args, warn: warn, sockets: map[int]*relaySocket{},
		connected: make(chan struct{}, 1), changed: make(chan struct{}, 1), closing: make(chan struct{}),
	}
}

// add has the process serve f, which is the relay's from now on. It returns the number by
// which a state tells of the socket.
func (r *relay) add(kind handoff.Kind, f *os.File) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	r.sockets[r.last] = &relaySocket{kind, f}
	if !r.serving && !r.closed {
		r.ended.Go(func() { r.awaitConnection(f) })
		if r.last == 1 {
			r.ended.Go(r.serve)
		}
	}
	return r.last
}

// drop closes a socket. The process closes it when it hears of the next state, and ends
// with the last one.
func (r *relay) drop(id int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.sockets[id]; s != nil {
		_ = s.file.Close()
		delete(r.sockets, id)
	}
	if len(r.sockets) == 0 && r.process != nil {
		_ = r.process.Kill()
	}
}

// set changes the state.
func (r *relay) set(change func(*handoff.State)) {
	r.mu.Lock()
	change(&r.state)
	r.mu.Unlock()
	signal(r.changed)
}

// signal leaves word for one who looks later.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// awaitConnection tells of the first connection to f.
func (r *relay) awaitConnection(f *os.File) {
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Read(readable)
	}
	if err == nil {
		signal(r.connected)
	}
}

// readable reports whether somebody has connected. A socket that does not listen yet has
// hung up, which is no connection.
func readable(fd uintptr) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(poll, 0)
	return n > 0 && poll[0].Revents&unix.POLLIN != 0 || err != nil && !errors.Is(err, unix.EINTR)
}

const (
	// A process that ends within relayShort has failed. The next one begins after a pause,
	// which doubles up to longestRelayPause.
	relayShort        = time.Second
	firstRelayPause   = 10 * time.Millisecond
	longestRelayPause = 2 * time.Second
	// relayPatience is how long the process may take to hear what is new.
	relayPatience = 5 * time.Second
)

// serve runs the process from the first connection on until there are no sockets.
func (r *relay) serve() {
	for {
		select {
		case <-r.connected:
			r.keepServing()
		case <-r.closing:
			return
		}
	}
}

// isServing reports whether there are sockets to serve.
func (r *relay) isServing() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serving = len(r.sockets) > 0 && !r.closed
	return r.serving
}

// keepServing runs the process, and another when one has ended.
func (r *relay) keepServing() {
	for pause := firstRelayPause; r.isServing(); {
		began := time.Now()
		err := r.runOnce()
		if time.Since(began) >= relayShort {
			pause = firstRelayPause
		} else if r.isServing() && err != nil {
			r.warn("what serves the front and the inspector ended: %v", err)
		}
		select {
		case <-r.closing:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPauseAfter(err))
	}
}

// runOnce returns when the process has ended. Its input ends with this process.
func (r *relay) runOnce() error {
	self, err := proc.OwnPath()
	if err != nil {
		return err
	}
	conn, theirs, err := handoff.Pair()
	if err != nil {
		return err
	}
	defer conn.Close()
	cmd := exec.Command(self, r.args...)
	cmd.Stdin = theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said := &head{}
	cmd.Stderr = said
	err = r.start(cmd)
	theirs.Close()
	if err != nil {
		return err
	}
	go endIfStopped(cmd.Process)
	over := make(chan struct{})
	var telling sync.WaitGroup
	telling.Go(func() { r.tell(conn, over) })
	err = cmd.Wait()
	close(over)
	telling.Wait()
	if text := said.firstLine(); err != nil && text != "" {
		err = errors.New(err.Error() + ": " + text)
	}
	return err
}

func (r *relay) start(cmd *exec.Cmd) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return os.ErrClosed
	}
	err := cmd.Start()
	r.process = cmd.Process
	return err
}

// tell has the process hear all that is new until over. One that does not listen is ended.
func (r *relay) tell(conn *net.UnixConn, over <-chan struct{}) {
	sent := map[int]bool{}
	for {
		if err := r.tellNews(conn, sent); err != nil {
			r.end()
			return
		}
		select {
		case <-r.changed:
		case <-over:
			return
		case <-r.closing:
			return
		}
	}
}

func (r *relay) tellNews(conn *net.UnixConn, sent map[int]bool) error {
	r.mu.Lock()
	state := r.state
	state.Edges = slices.Clone(state.Edges)
	fresh := map[int]relaySocket{}
	for id, s := range r.sockets {
		if !sent[id] {
			fresh[id], sent[id] = *s, true
		}
	}
	r.mu.Unlock()
	if err := conn.SetWriteDeadline(time.Now().Add(relayPatience)); err != nil {
		return err
	}
	for id, s := range fresh {
		err := handoff.Send(conn, handoff.Message{Socket: &handoff.Socket{ID: id, Kind: s.kind}}, s.file)
		if err != nil && !errors.Is(err, os.ErrClosed) { // It was dropped meanwhile.
			return err
		}
	}
	return handoff.Send(conn, handoff.Message{State: &state}, nil)
}

// pid is that of the process; 0 while there is none.
func (r *relay) pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process == nil {
		return 0
	}
	return r.process.Pid
}

// end ends the process; another one follows.
func (r *relay) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.process != nil {
		_ = r.process.Kill()
	}
}

// close returns when the process has ended.
func (r *relay) close() {
	r.mu.Lock()
	r.closed = true
	if r.process != nil {
		_ = r.process.Kill()
	}
	for _, s := range r.sockets {
		_ = s.file.Close()
	}
	r.mu.Unlock()
	close(r.closing)
	r.ended.Wait()
}

func isInUse(err error) bool { return errors.Is(err, unix.EADDRINUSE) }
