//go:build linux || darwin || freebsd

package run

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lhrun/lhrun/internal/proc"
)

// frontSockets are listening sockets, and the process that serves them.
type frontSockets struct {
	files []*os.File
	relay []string
	warn  func(format string, args ...any)
	// connected gets something when somebody connects before anybody serves.
	connected chan struct{}
	closing   chan struct{}
	ended     sync.WaitGroup

	mu      sync.Mutex
	process *os.Process
	closed  bool
}

func serveSockets(listening []*net.TCPListener, relay []string, warn func(format string, args ...any)) *frontSockets {
	s := &frontSockets{relay: relay, warn: warn, connected: make(chan struct{}, 1), closing: make(chan struct{})}
	var err error
	if s.files, err = duplicate(listening); err != nil {
		warn("the front does not serve all of its sockets: %v", err)
	}
	for _, f := range s.files {
		s.ended.Go(func() { s.awaitConnection(f) })
	}
	s.ended.Go(s.serve)
	return s
}

// awaitConnection tells of the first connection to f.
func (s *frontSockets) awaitConnection(f *os.File) {
	conn, err := f.SyscallConn()
	if err == nil {
		err = conn.Read(readable)
	}
	if err == nil {
		select {
		case s.connected <- struct{}{}:
		default:
		}
	}
}

func readable(fd uintptr) bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	return n > 0 || err != nil && !errors.Is(err, unix.EINTR)
}

const (
	// A relay that ends within relayShort has failed. The next one begins after a pause,
	// which doubles up to longestRelayPause.
	relayShort        = time.Second
	firstRelayPause   = 10 * time.Millisecond
	longestRelayPause = 2 * time.Second
)

// serve runs the relay from the first connection on, and another when one has ended.
func (s *frontSockets) serve() {
	select {
	case <-s.connected:
	case <-s.closing:
		return
	}
	for pause := firstRelayPause; ; {
		began := time.Now()
		err := s.runRelay()
		if time.Since(began) >= relayShort {
			pause = firstRelayPause
		} else if !s.isClosed() && err != nil {
			s.warn("what serves the front ended: %v", err)
		}
		select {
		case <-s.closing:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longestRelayPause)
	}
}

// runRelay returns when the relay has ended. Its input ends with this process.
func (s *frontSockets) runRelay() error {
	self, err := proc.OwnPath()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, append(slices.Clone(s.relay), strconv.Itoa(len(s.files)))...)
	cmd.ExtraFiles = s.files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said := &head{}
	cmd.Stderr = said
	life, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer life.Close()
	if err := s.start(cmd); err != nil {
		return err
	}
	err = cmd.Wait()
	if text := said.firstLine(); err != nil && text != "" {
		err = errors.New(err.Error() + ": " + text)
	}
	return err
}

func (s *frontSockets) start(cmd *exec.Cmd) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	err := cmd.Start()
	s.process = cmd.Process
	return err
}

// startAnew ends the relay; the next one knows what has changed.
func (s *frontSockets) startAnew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		_ = s.process.Kill()
	}
}

func (s *frontSockets) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// close returns when the relay has ended.
func (s *frontSockets) close() {
	s.mu.Lock()
	s.closed = true
	if s.process != nil {
		_ = s.process.Kill()
	}
	s.mu.Unlock()
	close(s.closing)
	for _, f := range s.files {
		_ = f.Close()
	}
	s.ended.Wait()
}

// head keeps the beginning of what a relay says, which is little unless it panics.
type head struct {
	mu   sync.Mutex
	text []byte
}

const headSize = 4 << 10

func (t *head) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[:min(len(p), headSize-len(t.text))]...)
	return len(p), nil
}

func (t *head) firstLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := bytes.Cut(t.text, []byte("\n"))
	return string(line)
}

func isInUse(err error) bool { return errors.Is(err, unix.EADDRINUSE) }
