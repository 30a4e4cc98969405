package ports

import (
	"fmt"
	"net/netip"
)

// Listener is one listening TCP socket.
type Listener struct {
	// Addr is what it is bound to, so a listener on every interface is
	// 0.0.0.0 or [::] here.
	Addr netip.AddrPort
	// ID tells sockets at one address apart: the socket's inode on Linux, its
	// process elsewhere.
	ID uint64
	// V6Only means that a listener on [::] takes no connection over IPv4, where the
	// system tells that.
	V6Only bool
}

// Loopback reports whether only this machine can reach it.
func (l Listener) Loopback() bool { return l.Addr.Addr().IsLoopback() }

// local reports whether a client that dials 127.0.0.1 or [::1] can end up there.
func (l Listener) local() bool {
	ip := l.Addr.Addr()
	return ip.IsUnspecified() || ip == netip.IPv6Loopback() || ip == netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// Reaches reports whether a client that dials host, an IP address, ends up there. Of a
// name, and of an address that stands for all, it says yes.
func (l Listener) Reaches(host string) bool {
	ip := l.Addr.Addr()
	to, err := netip.ParseAddr(host)
	switch {
	case err != nil || to.IsUnspecified():
		return true
	case ip == netip.IPv6Unspecified():
		return !l.V6Only || to.Is6()
	case ip.IsUnspecified():
		return to.Is4()
	}
	return ip == to
}

// socket is a Listener with what the system tells beside it.
type socket struct {
	Listener
	uid uint32
}

// table is the system's view of listening sockets and of who has them.
type table interface {
	listeners() ([]socket, error)
	// owned returns those of among that a process of pids has open.
	owned(pids []int, among []socket) map[Listener]bool
	// offspring are some of pid's children, where that costs little.
	offspring(pid int) []int
	// likely reports whether s may belong to a process of pids whose open files
	// cannot be looked at.
	likely(pids []int, s socket) bool
	// holders finds out for each socket who has it; the first process of a family
	// that shares it. A Holder without PID is one that is hidden.
	holders(among []socket) map[Listener][]Holder
	close()
}

// Who tells who listens on port, on whatever address; nobody is an empty slice.
// A process that shares its socket with its children is named alone.
func Who(port int) ([]Holder, error) {
	return whoOn(port, func(Listener) bool { return true })
}

func whoOn(port int, counts func(Listener) bool) ([]Holder, error) {
	t := newTable()
	defer t.close()
	all, err := t.listeners()
	if err != nil {
		return nil, fmt.Errorf("cannot find out who listens on port %d: %w", port, err)
	}
	var on []socket
	for _, s := range all {
		if int(s.Addr.Port()) == port && counts(s.Listener) {
			on = append(on, s)
		}
	}
	if len(on) == 0 {
		return nil, nil
	}
	found := t.holders(on)
	var out []Holder
	seen := map[Holder]bool{}
	for _, s := range on {
		for _, h := range found[s.Listener] {
			if !seen[h] {
				seen[h] = true
				out = append(out, h)
			}
		}
	}
	return out, nil
}
