//go:build !portable

package ports

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PeerUID tells which user has the socket at client of a connection of this machine to
// server. The error wraps fs.ErrNotExist where that socket is gone. Elsewhere than on
// Linux it is errors.ErrUnsupported.
func PeerUID(client, server netip.AddrPort) (uid int, err error) {
	d, err := openDiag()
	if err == nil {
		defer d.close()
		var e End
		e, err = d.owner(client, server)
		uid = int(e.uid)
	}
	switch {
	case err == nil:
		return uid, nil
	case errors.Is(err, unix.ENOENT):
		return 0, fmt.Errorf("the connection from %s: %w", client, fs.ErrNotExist)
	}
	return procNetOwner(client, server) // A sandbox without socket diagnosis.
}

// PeerHolder names who has the socket at client of a connection of this machine to server:
// the first process of a family that shares it. It looks at every process of the machine.
// The errors are those of PeerUID.
func PeerHolder(client, server netip.AddrPort) (Holder, error) {
	d, err := openDiag()
	if err != nil {
		return Holder{}, err
	}
	defer d.close()
	e, err := d.owner(client, server)
	if errors.Is(err, unix.ENOENT) {
		err = fmt.Errorf("the connection from %s: %w", client, fs.ErrNotExist)
	}
	if err != nil {
		return Holder{}, err
	}
	found, err := holdersOf([]End{e})
	return found[e], err
}

// owner asks for exactly one socket.
func (d *diag) owner(client, server netip.AddrPort) (e End, err error) {
	if _, err := d.call(unix.SYS_WRITE, ownerRequest(client, server)); err != nil {
		return e, err
	}
	n, err := d.call(unix.SYS_READ, d.buf)
	if err != nil {
		return e, err
	}
	e.Addr = client
	_, err = parseDiag(d.buf[:n], func(m []byte) {
		e.uid, e.ID = binary.NativeEndian.Uint32(m[64:]), uint64(binary.NativeEndian.Uint32(m[68:]))
	})
	if err == nil && e.ID == 0 {
		err = unix.ENOENT // It is being closed, and nobody's.
	}
	return e, err
}

func ownerRequest(client, server netip.AddrPort) []byte {
	family, size := byte(unix.AF_INET), 4
	if client.Addr().Is6() {
		family, size = unix.AF_INET6, 16
	}
	q := request(family)
	binary.NativeEndian.PutUint16(q[6:], unix.NLM_F_REQUEST) // One, not a dump.
	binary.NativeEndian.PutUint32(q[nlHeader+4:], ^uint32(0))
	id := q[nlHeader+8:]
	binary.BigEndian.PutUint16(id[0:], client.Port())
	binary.BigEndian.PutUint16(id[2:], server.Port())
	copy(id[4:4+size], client.Addr().AsSlice())
	copy(id[20:20+size], server.Addr().AsSlice())
	binary.NativeEndian.PutUint64(id[40:], ^uint64(0)) // Whatever its cookie.
	return q
}

func procNetOwner(client, server netip.AddrPort) (int, error) {
	path := "/proc/net/tcp"
	if client.Addr().Is6() {
		path = "/proc/net/tcp6"
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("cannot find out whose connection it is: %w", err)
	}
	defer f.Close()
	return findOwner(f, client, server)
}

func findOwner(r io.Reader, client, server netip.AddrPort) (int, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 10 {
			continue
		}
		local, okLocal := parseHexAddr(f[1])
		remote, okRemote := parseHexAddr(f[2])
		uid, err := strconv.Atoi(f[7])
		if okLocal && okRemote && err == nil && local == client && remote == server && f[9] != "0" {
			return uid, nil
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("the connection from %s: %w", client, fs.ErrNotExist)
}
