//go:build !portable

package ports

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// endpoint is a socket that does not listen: a connection, what is left of one, or a
// port that is only bound.
type endpoint struct {
	socket
	// timeWait is set where nobody has it any more.
	timeWait time.Duration
}

// silentHolder is whoever has port without listening on it. It searches all processes.
func silentHolder(port int) Holder {
	var live []socket
	var left time.Duration
	for _, e := range endpoints(port) {
		if e.ID != 0 {
			live = append(live, e.socket)
		}
		left = max(left, e.timeWait)
	}
	if len(live) == 0 {
		return Holder{Silent: left == 0, TimeWait: left}
	}
	t := &procTable{}
	who := t.holders(live)[live[0].Listener][0]
	who.Silent = true
	return who
}

// inTimeWait reports whether nothing but closed connections has port.
func inTimeWait(port int) bool {
	all := endpoints(port)
	for _, e := range all {
		if e.timeWait == 0 {
			return false
		}
	}
	return len(all) > 0
}

// endpoints lists what does not listen on port, where it is in the way of loopback. It
// is empty where the kernel does not tell.
func endpoints(port int) (all []endpoint) {
	d, err := openDiag()
	if err != nil {
		return nil
	}
	defer d.close()
	for _, family := range []byte{unix.AF_INET, unix.AF_INET6} {
		_ = d.ask(endpointRequest(family, port), func(m []byte) {
			if e, ok := parseEndpoint(m); ok && e.local() {
				all = append(all, e)
			}
		})
	}
	return all
}

const (
	// silentStates are all of TCP's but TCP_LISTEN. The last is TCP_BOUND_INACTIVE, which
	// kernels before 6.8 do not know.
	silentStates = 1<<14 - 1 - 1 - 1<<tcpListen
	// timeWaitTimer is what runs where only a closed connection is left.
	timeWaitTimer = 3
	// shortestWait is for what is being closed and has no timer yet.
	shortestWait = time.Second
)

func endpointRequest(family byte, port int) []byte {
	q := request(family)
	binary.NativeEndian.PutUint32(q[nlHeader+4:], silentStates)
	binary.BigEndian.PutUint16(q[nlHeader+8:], uint16(port))
	return q
}

func parseEndpoint(m []byte) (e endpoint, ok bool) {
	s, ok := parseSocket(m)
	e.socket = s
	if s.ID == 0 && s.Addr.IsValid() {
		e.timeWait = shortestWait
		if m[2] == timeWaitTimer {
			e.timeWait = max(e.timeWait, time.Duration(binary.NativeEndian.Uint32(m[52:]))*time.Millisecond)
		}
		return e, true
	}
	return e, ok
}
