//go:build !portable

package ports

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// diag asks the kernel for its listening TCP sockets over netlink. The cost does
// not depend on how many connections there are, unlike /proc/net/tcp.
type diag struct {
	fd  int
	buf []byte
	// apart means that the kernel lists only one family at a time.
	apart bool
}

func openDiag() (*diag, error) {
	const kind = unix.SOCK_RAW | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK // The answer is there at once.
	fd, err := unix.Socket(unix.AF_NETLINK, kind, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, fmt.Errorf("cannot open a socket diagnosis: %w", err)
	}
	return &diag{fd: fd, buf: make([]byte, 32<<10)}, nil
}

func (d *diag) close() { unix.Close(d.fd) }

// listeners appends the listening sockets of both families to out.
func (d *diag) listeners(out []socket) (_ []socket, err error) {
	if !d.apart {
		if out, err = d.dump(bothFamilies, out[:0]); err == nil {
			return out, nil
		}
		d.apart = true
	}
	out = out[:0]
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		if out, err = d.dump(family, out); err != nil {
			return out, fmt.Errorf("cannot list listening sockets: %w", err)
		}
	}
	return out, nil
}

const (
	nlHeader     = 16 // struct nlmsghdr
	diagRequest  = 56 // struct inet_diag_req_v2
	wholeRequest = 60 // struct inet_diag_req
	diagMessage  = 72 // struct inet_diag_msg
	diagByFamily = 20 // SOCK_DIAG_BY_FAMILY
	diagWhole    = 18 // TCPDIAG_GETSOCK
	diagV6Only   = 11 // INET_DIAG_SKV6ONLY
	tcpListen    = 10 // TCP_LISTEN
	// bothFamilies asks in the older form, which names none: one walk over the
	// kernel's table instead of two, and that is half of what a look costs.
	bothFamilies = 0
)

func request(family byte) []byte {
	kind, size, states := uint16(diagByFamily), diagRequest, 4
	if family == bothFamilies {
		kind, size, states = diagWhole, wholeRequest, 52
	}
	q := make([]byte, nlHeader+size)
	binary.NativeEndian.PutUint32(q[0:], uint32(len(q)))
	binary.NativeEndian.PutUint16(q[4:], kind)
	binary.NativeEndian.PutUint16(q[6:], unix.NLM_F_REQUEST|unix.NLM_F_DUMP)
	binary.NativeEndian.PutUint32(q[nlHeader+states:], 1<<tcpListen)
	if family != bothFamilies {
		q[nlHeader] = family
		q[nlHeader+1] = unix.IPPROTO_TCP
	}
	return q
}

func (d *diag) dump(family byte, out []socket) ([]socket, error) {
	err := d.ask(request(family), func(m []byte) {
		if s, ok := parseSocket(m); ok {
			out = append(out, s)
		}
	})
	return out, err
}

// ask calls each with every message of the answer to a request.
func (d *diag) ask(request []byte, each func(message []byte)) error {
	if _, err := d.call(unix.SYS_WRITE, request); err != nil {
		return err
	}
	for done := false; !done; {
		n, err := d.call(unix.SYS_READ, d.buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err == nil {
			done, err = parseDiag(d.buf[:n], each)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// call reads or writes without telling Go's scheduler, because it never blocks: an
// ordinary call after a sleep wakes up a thread that watches over such calls, a third of
// what a look costs in "idle with 50 services, cpu".
func (d *diag) call(number uintptr, b []byte) (int, error) {
	n, _, err := unix.RawSyscall(number, uintptr(d.fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
	if err != 0 {
		return 0, err
	}
	return int(n), nil
}

// parseDiag calls each with the messages of one datagram; done says it was the last.
func parseDiag(b []byte, each func(message []byte)) (done bool, err error) {
	for len(b) >= nlHeader {
		size := int(binary.NativeEndian.Uint32(b))
		if size < nlHeader || size > len(b) {
			return true, errors.New("the kernel's answer is cut short")
		}
		body := b[nlHeader:size]
		switch kind := binary.NativeEndian.Uint16(b[4:]); {
		case kind == unix.NLMSG_DONE:
			return true, nil
		case kind == unix.NLMSG_ERROR:
			if len(body) < 4 {
				return true, unix.EINVAL
			}
			return true, unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
		case (kind == diagByFamily || kind == diagWhole) && len(body) >= diagMessage:
			each(body)
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return false, nil
}

func parseSocket(m []byte) (socket, bool) {
	var addr netip.Addr
	switch m[0] {
	case unix.AF_INET:
		addr = netip.AddrFrom4([4]byte(m[8:12]))
	case unix.AF_INET6:
		addr = netip.AddrFrom16([16]byte(m[8:24])).Unmap()
	default:
		return socket{}, false
	}
	s := socket{uid: binary.NativeEndian.Uint32(m[64:])}
	s.Addr = netip.AddrPortFrom(addr, binary.BigEndian.Uint16(m[4:]))
	s.ID = uint64(binary.NativeEndian.Uint32(m[68:]))
	s.V6Only = addr == netip.IPv6Unspecified() && v6Only(m)
	return s, s.ID != 0 // a socket that is just being closed has no inode
}

// v6Only reports whether the socket of a message takes no connection over IPv4.
func v6Only(m []byte) bool {
	value := attribute(m, diagV6Only)
	return len(value) > 0 && value[0] != 0
}

// attribute returns the value of the first attribute of that kind behind a message; nil
// where there is none. Each is its size, its kind and a value.
func attribute(m []byte, kind uint16) []byte {
	const header = 4
	for b := m[diagMessage:]; len(b) >= header; {
		size := int(binary.NativeEndian.Uint16(b))
		if size < header || size > len(b) {
			return nil
		}
		if binary.NativeEndian.Uint16(b[2:]) == kind {
			return b[header:size]
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return nil
}
