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
	"time"

	"golang.org/x/sys/unix"
)

// sockets holds a port by listening on the abstract unix socket
// @lhrun/port/N. The kernel drops it with the process, shows it to every user of
// the same network namespace, and names the process that listens.
type sockets struct{ desk *desk }

func newLocks(string) (locks, error) { return sockets{&desk{}}, nil }

const socketPrefix = "@lhrun/port/"

const (
	// answerPatience is how long a holder that is stopped is waited for.
	answerPatience = 100 * time.Millisecond
	// busyPatience is for one that is not: it has the processor again some time, and
	// without its answer nobody could say whose port it is.
	busyPatience = 2 * time.Second
)

func (s sockets) hold(port int, who identity) (hold, error) {
	fd, err := listenUnix(socketPrefix + strconv.Itoa(port))
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, errHeld
	}
	if err != nil {
		return nil, err
	}
	h := &heldSocket{s.desk, fd, who}
	if err := s.desk.add(h); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return h, nil
}

func listenUnix(name string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err = unix.Bind(fd, &unix.SockaddrUnix{Name: name}); err == nil {
		err = unix.Listen(fd, unix.SOMAXCONN)
	}
	if err != nil {
		unix.Close(fd)
	}
	return fd, err
}

type heldSocket struct {
	desk *desk
	fd   int
	who  identity // desk.mu guards it
}

func (h *heldSocket) become(who identity) error {
	h.desk.mu.Lock()
	defer h.desk.mu.Unlock()
	h.who = who
	return nil
}

func (h *heldSocket) Close() error { return h.desk.remove(h) }

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
	id, err := hear(c, answerPatience)
	if errors.Is(err, os.ErrDeadlineExceeded) && !stopped(by.PID) {
		id, _ = hear(c, busyPatience)
	}
	return id.lessee(by), true
}

// hear reads what a holder tells, which it writes in one piece.
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
