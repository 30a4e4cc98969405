//go:build !portable

package ports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// sockets holds a port by listening on the abstract unix socket
// @lhrun/port/N. The kernel drops it with the process, shows it to every user of
// the same network namespace, and names the process that listens.
type sockets struct{ answers *limiter }

func newLocks(string) (locks, error) { return sockets{&limiter{}}, nil }

const socketPrefix = "@lhrun/port/"

const (
	// answerPatience is how long a holder that is stopped is waited for.
	answerPatience = 100 * time.Millisecond
	// busyPatience is for a holder that runs, but has no processor just now: without its
	// answer nobody could say whose port it is.
	busyPatience = 2 * time.Second
)

func (k sockets) hold(port int, who identity) (hold, error) {
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketPrefix + strconv.Itoa(port), Net: "unix"})
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, errHeld
	}
	if err != nil {
		return nil, err
	}
	h := &heldSocket{UnixListener: l, answers: k.answers}
	h.who.Store(&who)
	go h.serve()
	return h, nil
}

// heldSocket tells whoever connects to it who holds the port.
type heldSocket struct {
	*net.UnixListener
	answers *limiter
	who     atomic.Pointer[identity]
}

func (h *heldSocket) transfer(who identity) error {
	h.who.Store(&who)
	return nil
}

func (h *heldSocket) serve() {
	for {
		c, err := h.AcceptUnix()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // Out of descriptors; the lease holds all the same.
			time.Sleep(answerPatience)
		default:
			h.answers.wait()
			h.answer(c)
		}
	}
}

// answer tells this user and root which service has the port. Others learn only the
// process, from the kernel: what somebody works on is not their business.
func (h *heldSocket) answer(c *net.UnixConn) {
	defer c.Close()
	cred, err := peer(c)
	if err == nil && (int(cred.Uid) == os.Geteuid() || cred.Uid == 0) {
		text, _ := json.Marshal(h.who.Load())
		_, _ = c.Write(text) // It is far smaller than the buffer of a socket.
	}
}

func (sockets) holder(port int) (who lessee, held bool) {
	d := net.Dialer{Timeout: answerPatience}
	conn, err := d.Dial("unix", socketPrefix+strconv.Itoa(port))
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		return lessee{}, false
	}
	if err != nil { // The queue is full: somebody holds it and does not answer.
		return lessee{Holder: listenerNamed(socketPrefix + strconv.Itoa(port))}, true
	}
	defer conn.Close()
	c := conn.(*net.UnixConn)
	var by Holder
	if cred, err := peer(c); err == nil {
		by = process(int(cred.Pid))
		by.User = userName(cred.Uid)
		if me := os.Geteuid(); me != 0 && int(cred.Uid) != me { // It tells us nothing.
			return lessee{Holder: by}, true
		}
	}
	id, err := hear(c, answerPatience)
	if errors.Is(err, os.ErrDeadlineExceeded) && !stopped(by.PID) {
		id, _ = hear(c, busyPatience)
	}
	return id.lessee(by), true
}

// listenerNamed finds the process that listens on an abstract socket by the kernel's list,
// where it cannot be asked. It looks at every process, for what is rare.
func listenerNamed(name string) Holder {
	f, err := os.Open("/proc/net/unix")
	if err != nil || CheckProc() != nil {
		return Holder{}
	}
	defer f.Close()
	wanted := map[uint64]Listener{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 8 || fields[7] != name || fields[3] != listening {
			continue
		}
		if inode, err := strconv.ParseUint(fields[6], 10, 64); err == nil {
			wanted[inode] = Listener{Addr: netip.AddrPortFrom(netip.IPv6Loopback(), 1)}
		}
	}
	if len(wanted) == 0 {
		return Holder{}
	}
	all, _ := allPIDs()
	for _, pid := range all {
		if inodes, _ := openSockets(pid, wanted); len(inodes) > 0 {
			return process(pid)
		}
	}
	return Holder{}
}

// listening is the flag of a listening socket in /proc/net/unix.
const listening = "00010000"

// hear reads what a holder says, which it writes in one piece.
func hear(c net.Conn, patience time.Duration) (id identity, err error) {
	if err = c.SetReadDeadline(time.Now().Add(patience)); err == nil {
		err = json.NewDecoder(io.LimitReader(c, longestIdentity)).Decode(&id)
	}
	if err != nil {
		return identity{}, err
	}
	return id, nil
}

// peer names the process on the other end: for a client, the one that listens.
func peer(c *net.UnixConn) (cred *unix.Ucred, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	errControl := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	return cred, errors.Join(err, errControl)
}

func (sockets) held() ([]int, error) {
	f, err := os.Open("/proc/net/unix")
	if err != nil {
		return nil, fmt.Errorf("cannot list the leased ports: %w", err)
	}
	defer f.Close()
	return heldPorts(f)
}

// heldPorts reads /proc/net/unix. A connection that a holder has accepted goes
// by the same name, so a number may come more than once there.
func heldPorts(r io.Reader) ([]int, error) {
	var out []int
	seen := map[int]bool{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		_, name, ok := strings.Cut(lines.Text(), " "+socketPrefix)
		port, err := strconv.Atoi(name)
		if ok && err == nil && port > 0 && port <= highest && !seen[port] {
			seen[port] = true
			out = append(out, port)
		}
	}
	return out, lines.Err()
}
