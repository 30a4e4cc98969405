package front

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// door accepts the connections of this user, and finds out from the first byte whether
// they speak TLS.
type door struct {
	net.Listener
	config *tls.Config
	ready  chan net.Conn
	failed chan error
	closed chan struct{}
	once   sync.Once
	// asked bounds the looks at who connects.
	asked chan struct{}
	// room has an element for each connection that is open.
	room   chan struct{}
	silent silentOnes
}

const (
	mostAsked = 64
	// fullPause is between tries while there is no descriptor left.
	fullPause = 10 * time.Millisecond
	// saysAtOnce is how long a connection is not silent yet that has said nothing, silence
	// how long it may be.
	saysAtOnce = 20 * time.Millisecond
	silence    = 30 * time.Second
)

// newDoor takes in as many connections at once as there is room for.
func newDoor(l net.Listener, config *tls.Config, room int) *door {
	d := &door{
		Listener: l, config: config,
		ready: make(chan net.Conn), failed: make(chan error, 1), closed: make(chan struct{}),
		asked: make(chan struct{}, mostAsked), room: make(chan struct{}, room),
		silent: silentOnes{most: min(mostSilent, room/2)},
	}
	go d.admit()
	return d
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.ready:
		return c, nil
	case err := <-d.failed:
		return nil, err
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.Listener.Close()
}

// admit closes the connections of other users unanswered.
func (d *door) admit() {
	for {
		select {
		case d.room <- struct{}{}:
		case <-d.closed:
			return
		}
		accepted, err := d.Listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			d.failed <- err
			return
		case err != nil: // Out of descriptors: those who wait in the kernel go on waiting.
			<-d.room
			time.Sleep(fullPause)
			continue
		}
		c := newCounted(accepted, d.room)
		d.asked <- struct{}{}
		go func() {
			welcome := IsOurs(c)
			<-d.asked
			if !welcome {
				c.Close()
				return
			}
			d.greet(c)
		}()
	}
}

// greet waits for the first byte.
func (d *door) greet(c net.Conn) {
	first := make([]byte, 1)
	_ = c.SetReadDeadline(time.Now().Add(saysAtOnce))
	n, err := c.Read(first)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		leave := d.silent.enter(c)
		_ = c.SetReadDeadline(time.Now().Add(silence))
		n, err = c.Read(first)
		leave()
	}
	if n == 0 || err != nil {
		c.Close()
		return
	}
	_ = c.SetReadDeadline(time.Time{})
	var conn net.Conn = &begun{Conn: c, first: first}
	const handshake = 0x16 // The content type of a TLS record that greets.
	if first[0] == handshake {
		conn = tls.Server(conn, d.config)
	}
	select {
	case d.ready <- conn:
	case <-d.closed:
		c.Close()
	}
}

// IsOurs reports whether this user, or root, has the other end. Where the system does not
// tell that of anybody, everybody of this machine may come.
func IsOurs(c net.Conn) bool {
	client, okClient := c.RemoteAddr().(*net.TCPAddr)
	server, okServer := c.LocalAddr().(*net.TCPAddr)
	if !okClient || !okServer {
		return false
	}
	uid, err := ports.PeerUID(unmapped(client), unmapped(server))
	for ; isFull(err); uid, err = ports.PeerUID(unmapped(client), unmapped(server)) {
		time.Sleep(fullPause)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return true
	}
	return err == nil && (uid == os.Geteuid() || uid == 0)
}

func unmapped(a *net.TCPAddr) netip.AddrPort {
	at := a.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}

// begun is a connection whose first byte has been read.
type begun struct {
	net.Conn
	first []byte
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) > 0 && len(p) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}

// CloseWrite lets an upgraded connection end in one direction.
func (b *begun) CloseWrite() error {
	if c, ok := b.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return b.Conn.Close()
}
