//go:build !linux || portable

package ports

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"

	psnet "github.com/shirou/gopsutil/v4/net"
	psprocess "github.com/shirou/gopsutil/v4/process"
)

// psTable asks gopsutil, which on some systems runs lsof: a look costs tens of
// milliseconds, and the sockets of other users may be missing.
type psTable struct{}

func newTable() table { return psTable{} }

func (psTable) close() {}

func (psTable) listeners() ([]socket, error) {
	all, err := psnet.Connections("tcp")
	if err != nil {
		return nil, fmt.Errorf("cannot list listening sockets: %w", err)
	}
	var out []socket
	for _, c := range all {
		addr, ok := listenAddr(c)
		if !ok {
			continue
		}
		s := socket{Listener: Listener{Addr: addr, ID: uint64(c.Pid)}}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

func listenAddr(c psnet.ConnectionStat) (netip.AddrPort, bool) {
	if c.Status != "LISTEN" || c.Laddr.Port > highest {
		return netip.AddrPort{}, false
	}
	addr, err := netip.ParseAddr(c.Laddr.IP)
	switch {
	case err == nil:
		addr = addr.Unmap()
	case c.Laddr.IP != "*":
		return netip.AddrPort{}, false
	case c.Family == syscall.AF_INET6:
		addr = netip.IPv6Unspecified()
	default:
		addr = netip.IPv4Unspecified()
	}
	return netip.AddrPortFrom(addr, uint16(c.Laddr.Port)), true
}

func (psTable) owned(pids []int, among []socket) map[Listener]bool {
	mine := map[Listener]bool{}
	for _, s := range among {
		if slices.Contains(pids, int(s.ID)) {
			mine[s.Listener] = true
		}
	}
	return mine
}

func (psTable) offspring(int) []int { return nil }

func (psTable) likely([]int, socket) bool { return false }

func (psTable) holders(among []socket) map[Listener][]Holder {
	out := map[Listener][]Holder{}
	for _, s := range among {
		out[s.Listener] = []Holder{process(int(s.ID))}
	}
	return out
}

// process describes a live process as far as this user may see it.
func process(pid int) Holder {
	h := Holder{PID: pid}
	if p, err := psprocess.NewProcess(int32(pid)); pid > 0 && err == nil {
		command, _ := p.Cmdline()
		h.Command, h.Program = printable(command), programOf(command)
		h.User, _ = p.Username()
	}
	return readIdentity(pid).lessee(h).Holder
}
