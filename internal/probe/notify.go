package probe

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

// maxNotify is one byte more than a datagram may have; systemd takes 4096 too.
const maxNotify = 4096 + 1

// Notify is the receiving end of $NOTIFY_SOCKET, as sd_notify(3) speaks to it.
type Notify struct {
	path   string
	conn   *net.UnixConn
	ready  chan struct{}
	status atomic.Pointer[string]
	// refused is who sent READY=1 and was not believed.
	refused atomic.Int64
	beats   atomic.Int64
	close   sync.Once
}

// ListenNotify opens a socket of mode 0600 at path; a socket that was left there
// is replaced. The directory must be the caller's alone.
//
// On Linux own is asked about each sender, and must look at it before it does
// anything else: a sender may be gone a millisecond later, and nobody can tell
// then whose it was. (systemd-notify waits until it has been looked at.) Elsewhere
// the kernel does not name the sender of a datagram, own is not asked, and the
// directory is the only guard.
func ListenNotify(path string, own func(pid int) bool) (*Notify, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("cannot listen at %q: the path has %d bytes, a socket's may have %d",
			path, len(path), maxSocketPath)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		_ = os.Remove(path)
	}
	config := net.ListenConfig{Control: askForSender}
	conn, err := config.ListenPacket(context.Background(), "unixgram", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %q: %w", path, innermost(err))
	}
	n := &Notify{path: path, conn: conn.(*net.UnixConn), ready: make(chan struct{})}
	if err := os.Chmod(path, 0o600); err != nil {
		n.Close()
		return nil, fmt.Errorf("cannot listen at %q: %w", path, err)
	}
	go n.receive(own)
	return n, nil
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
		_ = os.Remove(n.path)
		_ = n.conn.Close()
	})
}

// receive ends when the socket is closed.
func (n *Notify) receive(own func(pid int) bool) {
	buf, control := make([]byte, maxNotify), make([]byte, controlSize)
	ready := false
	for {
		size, controlled, _, _, err := n.conn.ReadMsgUnix(buf, control)
		if err != nil {
			return
		}
		// A full buffer is a datagram cut short.
		if size == len(buf) {
			continue
		}
		message := parseNotify(buf[:size])
		if sender, ok := isOwn(control[:controlled], own); !ok {
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
		if message.ready && !ready {
			ready = true
			close(n.ready)
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
