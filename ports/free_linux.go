package ports

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const errInUse = unix.EADDRINUSE

// bound returns nil when a service could bind port on loopback, EADDRINUSE when
// somebody is in the way, and any other error when that cannot be tried.
//
// One bind of [::] without IPV6_V6ONLY collides with every socket of the port in
// either family. SO_REUSEADDR lets it pass over connections that are closing,
// as servers do; there is no listen, so nobody can connect meanwhile.
func bound(port int) error {
	any4, any6 := &unix.SockaddrInet4{Port: port}, &unix.SockaddrInet6{Port: port}
	err := tryBind(unix.AF_INET6, any6)
	if noIPv6(err) {
		err = tryBind(unix.AF_INET, any4)
	}
	if !errors.Is(err, unix.EADDRINUSE) {
		return err
	}
	// It may be somebody on another address of the machine, who is in nobody's way.
	err = tryBind(unix.AF_INET, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = tryBind(unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}})
	}
	if noIPv6(err) {
		err = nil
	}
	return err
}

func noIPv6(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL)
}

func tryBind(family int, addr unix.Sockaddr) error {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if family == unix.AF_INET6 {
		if err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0); err != nil {
			return err
		}
	}
	return unix.Bind(fd, addr)
}

// ephemeral returns the ports that the kernel gives to outgoing connections,
// which then block a service's bind with no visible owner.
func ephemeral() (r Range, reserved []Range) {
	return parseEphemeral(readSetting("ip_local_port_range"), readSetting("ip_local_reserved_ports"))
}

// readSetting returns "" for what cannot be read.
func readSetting(name string) string {
	data, _ := os.ReadFile("/proc/sys/net/ipv4/" + name)
	return string(data)
}

func parseEphemeral(limits, kept string) (r Range, reserved []Range) {
	if f := strings.Fields(limits); len(f) == 2 {
		r.First, _ = strconv.Atoi(f[0])
		r.Last, _ = strconv.Atoi(f[1])
	}
	for part := range strings.SplitSeq(strings.TrimSpace(kept), ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA == nil && errB == nil {
			reserved = append(reserved, Range{a, b})
		}
	}
	return r, reserved
}
