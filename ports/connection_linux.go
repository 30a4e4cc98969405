//go:build !portable

package ports

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	tcpEstablished = 1 // TCP_ESTABLISHED
	diagInfo       = 2 // INET_DIAG_INFO, a struct tcp_info
	// What comes last of tcp_info that is read; kernels before 4.1 do not have it.
	infoSize = int(unsafe.Offsetof(unix.TCPInfo{}.Bytes_received)) + 8
)

// stream is one end of a connection as the kernel tells of it, or a listening socket.
type stream struct {
	route
	inode   uint64
	uid     uint32
	listens bool
	v6Only  bool
	// acked and received are bytes. The end that dialled counts its SYN in acked.
	acked, received uint64
	rtt             time.Duration
}

// route names one end of a connection; reversed, the other one.
type route struct{ local, remote netip.AddrPort }

func (r route) reversed() route { return route{r.remote, r.local} }

// within reports whether both ends are on this machine, as far as the addresses tell.
func (r route) within() bool {
	return r.remote.Addr().IsLoopback() || r.remote.Addr() == r.local.Addr()
}

func connections() ([]Connection, error) {
	d, err := openDiag()
	if err != nil {
		return nil, err
	}
	defer d.close()
	var all []stream
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		var unread error
		err := d.ask(streamRequest(family), func(m []byte) {
			s, err := parseStream(m)
			all, unread = append(all, s), cmp.Or(unread, err)
		})
		if err = cmp.Or(err, unread); err != nil {
			return nil, fmt.Errorf("cannot list the connections of this machine: %w", err)
		}
	}
	return pair(all), nil
}

func streamRequest(family byte) []byte {
	q := request(family)
	q[nlHeader+2] = 1 << (diagInfo - 1)
	binary.NativeEndian.PutUint32(q[nlHeader+4:], 1<<tcpListen|1<<tcpEstablished)
	return q
}

// parseStream refuses a socket without counts, rather than take them for zero.
func parseStream(m []byte) (s stream, err error) {
	s.local, err = addrOf(m[0], m[8:24], m[4:])
	if err != nil {
		return s, err
	}
	s.uid = binary.NativeEndian.Uint32(m[64:])
	s.inode = uint64(binary.NativeEndian.Uint32(m[68:]))
	if m[1] == tcpListen {
		s.listens, s.v6Only = true, v6Only(m)
		return s, nil
	}
	info := attribute(m, diagInfo)
	if len(info) < infoSize {
		return s, errors.New("the kernel does not count their bytes")
	}
	const acked, received = unsafe.Offsetof(unix.TCPInfo{}.Bytes_acked), unsafe.Offsetof(unix.TCPInfo{}.Bytes_received)
	s.acked = binary.NativeEndian.Uint64(info[acked:])
	s.received = binary.NativeEndian.Uint64(info[received:])
	s.rtt = time.Duration(binary.NativeEndian.Uint32(info[unsafe.Offsetof(unix.TCPInfo{}.Rtt):])) * time.Microsecond
	s.remote, err = addrOf(m[0], m[24:40], m[6:])
	return s, err
}

func addrOf(family byte, addr, port []byte) (netip.AddrPort, error) {
	number := binary.BigEndian.Uint16(port)
	switch family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(addr[:4])), number), nil
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(addr)).Unmap(), number), nil
	}
	return netip.AddrPort{}, fmt.Errorf("the kernel tells of address family %d", family)
}

// streams are all ends and listening sockets of one look.
type streams struct {
	ends      map[route]stream
	listening map[netip.AddrPort]stream
}

// pair joins the ends to connections. Of one within this machine whose other end is
// missing, only what a listening socket has not made a socket for yet is a connection.
func pair(all []stream) (out []Connection) {
	s := streams{map[route]stream{}, map[netip.AddrPort]stream{}}
	for _, one := range all {
		if one.listens {
			s.listening[one.local] = one
		} else {
			s.ends[one.route] = one
		}
	}
	for _, one := range s.ends {
		other, both := s.ends[one.reversed()]
		switch server := s.serves(one, both); {
		case both && !server:
			out = append(out, Connection{
				Client: one.end(), Server: s.accepted(other),
				Up: other.received, Down: one.received, RTT: cmp.Or(one.rtt, other.rtt),
			})
		case both:
		case server && !one.within():
			out = append(out, Connection{
				Client: End{Addr: one.remote}, Server: s.accepted(one),
				Up: one.received, Down: one.acked, RTT: one.rtt,
			})
		case !server:
			to := End{Addr: one.remote}
			if one.within() {
				to = s.accepting(one.remote)
			}
			if to.ID != 0 || !one.within() {
				out = append(out, Connection{
					Client: one.end(), Server: to,
					Up: one.acked - min(1, one.acked), Down: one.received, RTT: one.rtt,
				})
			}
		}
	}
	return out
}

func (s stream) end() End { return End{s.local, s.inode, s.uid} }

// accepted is the end of a connection that listened.
func (s streams) accepted(one stream) End {
	if one.inode == 0 {
		return s.accepting(one.local)
	}
	return one.end()
}

// accepting is the end, at addr, of a connection that nobody has accepted yet.
func (s streams) accepting(addr netip.AddrPort) End {
	by := s.listener(addr)
	return End{addr, by.inode, by.uid}
}

// serves reports whether one is the end that listened.
func (s streams) serves(one stream, both bool) bool {
	here, there := s.listener(one.local).listens, both && s.listener(one.remote).listens
	if here != there || !both {
		return here
	}
	return cmp.Or(cmp.Compare(one.local.Port(), one.remote.Port()), one.local.Compare(one.remote)) < 0
}

// listener is the socket that takes connections to addr, the zero stream where none does.
func (s streams) listener(addr netip.AddrPort) stream {
	if l, ok := s.listening[addr]; ok {
		return l
	}
	if addr.Addr().Is4() {
		if l, ok := s.listening[netip.AddrPortFrom(netip.IPv4Unspecified(), addr.Port())]; ok {
			return l
		}
	}
	if l := s.listening[netip.AddrPortFrom(netip.IPv6Unspecified(), addr.Port())]; addr.Addr().Is6() || !l.v6Only {
		return l
	}
	return stream{}
}

func socketsOf(ends []End) (all []socket) {
	for _, e := range ends {
		if e.ID != 0 {
			all = append(all, e.socket())
		}
	}
	return all
}

func openIn(pids []int, ends []End) (map[End]bool, error) {
	if err := CheckProc(); err != nil {
		return nil, err
	}
	wanted := byInode(socketsOf(ends))
	found := map[uint64]bool{}
	for _, pid := range pids {
		inodes, err := openSockets(pid, wanted)
		if err != nil {
			return nil, fmt.Errorf("cannot look at the sockets of pid %d: %w", pid, err)
		}
		for _, inode := range inodes {
			found[inode] = true
		}
	}
	mine := map[End]bool{}
	for _, e := range ends {
		if found[e.ID] {
			mine[e] = true
		}
	}
	return mine, nil
}

func holdersOf(ends []End) (map[End]Holder, error) {
	found, err := searchHolders(socketsOf(ends))
	if err != nil {
		return nil, fmt.Errorf("cannot find out who has a socket: %w", err)
	}
	out := map[End]Holder{}
	for _, e := range ends {
		if e.ID != 0 {
			out[e] = found[e.socket().Listener][0]
		}
	}
	return out, nil
}
