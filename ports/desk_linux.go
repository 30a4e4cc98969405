package ports

import (
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// desk answers whoever connects to one of the sockets that are held. One goroutine
// does it for all of them, on an epoll of its own, for as long as there are any: a
// listener of package net with a goroutine each made a lease take twice as long.
type desk struct {
	mu   sync.Mutex
	held map[int32]*heldSocket // by descriptor
	bell *bell                 // nil while nothing is held
}

// bell rings when somebody connects.
type bell struct {
	epoll int
	file  *os.File // epoll, in Go's poller
	ended chan struct{}
}

func (d *desk) add(h *heldSocket) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bell == nil {
		if err := d.open(); err != nil {
			return err
		}
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(h.fd)}
	if err := unix.EpollCtl(d.bell.epoll, unix.EPOLL_CTL_ADD, h.fd, &event); err != nil {
		return err
	}
	d.held[int32(h.fd)] = h
	return nil
}

// usualLeases is so many that a map seldom grows: each time it does costs new pages.
const usualLeases = 24

func (d *desk) open() error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return err
	}
	_ = unix.SetNonblock(epoll, true) // For os.NewFile, which gives it to the poller then.
	d.bell = &bell{epoll, os.NewFile(uintptr(epoll), "leases"), make(chan struct{})}
	d.held = make(map[int32]*heldSocket, usualLeases)
	go d.serve(d.bell)
	return nil
}

// remove closes h. With the last one the goroutine ends.
func (d *desk) remove(h *heldSocket) error {
	d.mu.Lock()
	if d.held[int32(h.fd)] != h {
		d.mu.Unlock()
		return os.ErrClosed
	}
	delete(d.held, int32(h.fd))
	// A process that is just being forked has the socket for a moment longer.
	_ = unix.EpollCtl(d.bell.epoll, unix.EPOLL_CTL_DEL, h.fd, nil)
	err := unix.Close(h.fd)
	var idle *bell
	if len(d.held) == 0 {
		idle, d.bell = d.bell, nil
	}
	d.mu.Unlock()
	if idle != nil { // Outside of the lock, for which serve may wait.
		err = errors.Join(err, idle.file.Close())
		<-idle.ended
	}
	return err
}

func (d *desk) serve(b *bell) {
	defer close(b.ended)
	raw, err := b.file.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(uintptr) bool {
		d.answerAll(b.epoll)
		return false // Wait again, until it is closed.
	})
}

// answerAll leaves nobody waiting: the poller tells only of new ones.
func (d *desk) answerAll(epoll int) {
	var events [16]unix.EpollEvent
	for {
		n, err := unix.EpollWait(epoll, events[:], 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n <= 0 {
			return
		}
		for _, e := range events[:n] {
			if !d.answer(e.Fd) { // Out of descriptors; the lease holds all the same.
				time.Sleep(answerPatience)
			}
		}
	}
}

// answer tells the same user, and root, which service has the port. Others only
// see the process: that somebody works on a project is not their business. It
// reports whether it could find out who connected.
func (d *desk) answer(fd int32) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.held[fd]
	if h == nil {
		return true
	}
	c, _, err := unix.Accept4(h.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED):
		return true
	case err != nil:
		return false
	}
	defer unix.Close(c)
	cred, err := unix.GetsockoptUcred(c, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err == nil && (int(cred.Uid) == os.Geteuid() || cred.Uid == 0) {
		text, _ := json.Marshal(h.who)
		_, _ = unix.Write(c, text) // It is far smaller than the buffer of a socket.
	}
	return true
}
