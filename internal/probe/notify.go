package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxNotify is one byte more than a datagram may have; systemd takes 4096 too.
const maxNotify = 4096 + 1

// renewEvery is how often a socket is looked at that somebody may have removed.
const renewEvery = 5 * time.Second

// Notify is the receiving end of $NOTIFY_SOCKET, as sd_notify(3) speaks to it.
type Notify struct {
	path   string
	own    func(pid int) bool
	ready  chan struct{}
	once   sync.Once // closes ready
	status atomic.Pointer[string]
	// refused is who sent READY=1 and was not believed.
	refused atomic.Int64
	beats   atomic.Int64
	quit    chan struct{}
	close   sync.Once

	mu   sync.Mutex
	conn *net.UnixConn
}

// ListenNotify opens a socket of mode 0600 at path; a socket that was left there
// is replaced. The directory must be the caller's alone. Where the socket is removed
// later, with its directory perhaps, as a logout does, it is made again.
//
// On Linux own is asked about each sender, and must look at it before it does
// anything else: a sender may be gone a millisecond later, and nobody can tell
// then whose it was. (systemd-notify waits until it has been looked at.) Elsewhere
// the kernel does not name the sender of a datagram, own is not asked, and the
// directory is the only guard.
func ListenNotify(path string, own func(pid int) bool) (*Notify, error) {
	if len(path) > MaxSocketPath {
		return nil, fmt.Errorf("cannot listen at %q: the path has %d bytes, a socket's may have %d",
			path, len(path), MaxSocketPath)
	}
	conn, err := listenNotify(path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %q: %w", path, innermost(err))
	}
	n := &Notify{path: path, own: own, conn: conn, ready: make(chan struct{}), quit: make(chan struct{})}
	go n.receive(conn)
	go n.keep()
	return n, nil
}

func listenNotify(path string) (*net.UnixConn, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		_ = os.Remove(path)
	}
	config := net.ListenConfig{Control: askForSender}
	conn, err := config.ListenPacket(context.Background(), "unixgram", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = os.Remove(path)
		return nil, errors.Join(err, conn.Close())
	}
	return conn.(*net.UnixConn), nil
}

// keep makes the socket again where it is missing.
func (n *Notify) keep() {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-n.quit:
			return
		case <-tick.C:
			n.renew()
		}
	}
}

// renew leaves everything as it is on an error: the next call tries again.
func (n *Notify) renew() {
	if _, err := os.Lstat(n.path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.quit:
		return
	default:
	}
	if err := os.MkdirAll(filepath.Dir(n.path), 0o700); err != nil {
		return
	}
	conn, err := listenNotify(n.path)
	if err != nil {
		return
	}
	_ = n.conn.Close()
	n.conn = conn
	go n.receive(conn)
}

// Ready is closed when READY=1 has come.
func (n *Notify) Ready() <-chan struct{} { return n.ready }

// Beats counts the signs of life, WATCHDOG=1, that have come.
func (n *Notify) Beats() int64 { return n.beats.Load() }

// Status is the last STATUS= text, fit for one line; empty before any.
func (n *Notify) Status() string {
	if text := n.status.Load(); text != nil {
		return *text
	}
	return ""
}

// Refused is the last process that sent READY=1 without being believed; 0 is none.
func (n *Notify) Refused() int { return int(n.refused.Load()) }

// Close takes the socket away. It does not wait for own to return.
func (n *Notify) Close() {
	n.close.Do(func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		close(n.quit)
		_ = os.Remove(n.path)
		_ = n.conn.Close()
	})
}

// receive ends when conn is closed.
func (n *Notify) receive(conn *net.UnixConn) {
	buf, control := make([]byte, maxNotify), make([]byte, controlSize)
	for {
		size, controlled, _, _, err := conn.ReadMsgUnix(buf, control)
		if err != nil {
			return
		}
		// A full buffer is a datagram cut short.
		if size == len(buf) {
			continue
		}
		message := parseNotify(buf[:size])
		if sender, ok := isOwn(control[:controlled], n.own); !ok {
			if message.ready {
				n.refused.Store(int64(sender))
			}
			continue
		}
		if message.status != nil {
			n.status.Store(message.status)
		}
		if message.alive {
			n.beats.Add(1)
		}
		if message.ready {
			n.once.Do(func() { close(n.ready) })
		}
	}
}

// notification is what lhrun takes from a datagram; status is nil without one.
type notification struct {
	ready  bool
	alive  bool
	status *string
}

// parseNotify reads KEY=value lines and passes over what it does not know.
func parseNotify(data []byte) (n notification) {
	for line := range bytes.Lines(data) {
		// Programs in C like to send their final NUL along.
		text := strings.TrimRight(string(line), "\r\n\x00")
		switch text {
		case "READY=1":
			n.ready = true
		case "WATCHDOG=1":
			n.alive = true
		}
		if status, ok := strings.CutPrefix(text, "STATUS="); ok {
			status = plain([]byte(status))
			n.status = &status
		}
	}
	return n
}
