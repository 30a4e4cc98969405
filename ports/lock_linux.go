package ports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// sockets holds a port by listening on the abstract unix socket
// @lhrun/port/N. The kernel drops it with the process, shows it to every user of
// the same network namespace, and names the process that listens.
type sockets struct{}

func newLocks(string) (locks, error) { return sockets{}, nil }

const socketPrefix = "@lhrun/port/"

// answerPatience is how long a holder that is stopped or busy is waited for.
const answerPatience = 100 * time.Millisecond

func (sockets) hold(port int, who identity) (hold, error) {
	l, err := net.ListenUnix("unix", socketAddr(port))
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, errHeld
	}
	if err != nil {
		return nil, err
	}
	h := &heldSocket{listener: l}
	if err := h.become(who); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	h.answers.Go(h.answer)
	return h, nil
}

func socketAddr(port int) *net.UnixAddr {
	return &net.UnixAddr{Name: socketPrefix + strconv.Itoa(port), Net: "unix"}
}

type heldSocket struct {
	listener *net.UnixListener
	answers  sync.WaitGroup
	who      atomic.Pointer[[]byte] // as it is told
}

func (h *heldSocket) become(who identity) error {
	text, err := json.Marshal(who)
	if err == nil {
		h.who.Store(&text)
	}
	return err
}

func (h *heldSocket) Close() error {
	err := h.listener.Close()
	h.answers.Wait()
	return err
}

// answer tells the same user, and root, which service has the port. Others only
// see the process: that somebody works on a project is not their business.
func (h *heldSocket) answer() {
	for {
		c, err := h.listener.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors; the lease holds all the same
			time.Sleep(answerPatience)
			continue
		}
		if cred, err := peer(c); err == nil && (int(cred.Uid) == os.Geteuid() || cred.Uid == 0) {
			c.SetWriteDeadline(time.Now().Add(answerPatience))
			c.Write(*h.who.Load())
		}
		c.Close()
	}
}

func (sockets) holder(port int) (who lessee, held bool) {
	d := net.Dialer{Timeout: answerPatience}
	conn, err := d.Dial("unix", socketPrefix+strconv.Itoa(port))
	if errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOENT) {
		return lessee{}, false
	}
	if err != nil { // its queue is full: held, by somebody who does not answer
		return lessee{}, true
	}
	defer conn.Close()
	c := conn.(*net.UnixConn)
	var by Holder
	if cred, err := peer(c); err == nil {
		by = process(int(cred.Pid))
		by.User = userName(cred.Uid)
	}
	c.SetReadDeadline(time.Now().Add(answerPatience))
	var id identity
	if json.NewDecoder(io.LimitReader(c, longestIdentity)).Decode(&id) != nil {
		id = identity{}
	}
	return id.lessee(by), true
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
