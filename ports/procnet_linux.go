//go:build !portable

package ports

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// procListeners appends the listening sockets of /proc/net/tcp and tcp6 to out,
// for sandboxes without socket diagnosis.
func procListeners(out []socket) ([]socket, error) {
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) && path == "/proc/net/tcp6" {
			continue
		}
		if err == nil {
			out, err = parseProcNet(f, out)
			f.Close()
		}
		if err != nil {
			return out, fmt.Errorf("cannot list listening sockets: %w", err)
		}
	}
	return out, nil
}

func parseProcNet(r io.Reader, out []socket) ([]socket, error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		// sl local remote st queues timer retransmits uid timeout inode …
		f := strings.Fields(lines.Text())
		if len(f) < 10 || f[3] != "0A" {
			continue
		}
		addr, ok := parseHexAddr(f[1])
		uid, errUID := strconv.ParseUint(f[7], 10, 32)
		inode, errInode := strconv.ParseUint(f[9], 10, 64)
		if ok && errUID == nil && errInode == nil && inode != 0 {
			out = append(out, socket{Listener: Listener{Addr: addr, ID: inode}, uid: uint32(uid)})
		}
	}
	return out, lines.Err()
}

// parseHexAddr reads an address as 32-bit words in the machine's byte order.
func parseHexAddr(s string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(s, ":")
	raw, errHost := hex.DecodeString(host)
	n, errPort := strconv.ParseUint(port, 16, 16)
	if errHost != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for w := raw; len(w) > 0; w = w[4:] {
		binary.NativeEndian.PutUint32(w, binary.BigEndian.Uint32(w))
	}
	addr, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), ok
}
