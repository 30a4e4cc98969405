package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
	"github.com/lhrun/lhrun/internal/handoff"
	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/ports"
)

// Browser is the caller of what comes through the front.
const Browser = "browser"

// inspector has what passes decoded and kept.
type inspector struct {
	// store is made with the memory of the first state.
	store *traffic.Store

	mu       sync.Mutex
	limits   decode.Limits
	services map[string]string
	// asking bounds the questions to the kernel who a caller is: each looks at every process.
	asking sync.Mutex
}

func newInspector() *inspector { return &inspector{limits: decode.DefaultLimits} }

// set takes what is new of the limits and of what is inspected.
func (i *inspector) set(s handoff.State) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.store == nil {
		i.store = traffic.NewStore(s.Memory)
	}
	i.store.SetMask(traffic.NewMask(s.Hide, nil))
	i.services = s.Services
	i.limits = decode.DefaultLimits
	if s.Body > 0 {
		i.limits.Body = int(s.Body)
	}
}

// record begins to keep what passes on a new connection of an edge. Where several callers
// share the edge, the kernel tells which one it is, as long as its process lives: the first
// bytes wait for that, callerPatience at most.
func (i *inspector) record(s handoff.EdgeState, caller *net.TCPConn) *traffic.Conn {
	r := i.store.Open(traffic.Edge{From: s.From, To: s.To, Port: s.Name})
	if s.From == handoff.AnyCaller {
		client, server := addrPort(caller.RemoteAddr()), addrPort(caller.LocalAddr())
		told := make(chan struct{})
		go func() {
			defer close(told)
			if name := i.callerName(client, server); name != "" {
				r.From(name)
			}
		}()
		select {
		case <-told:
		case <-time.After(callerPatience):
		}
	}
	return r
}

// callerPatience is how long a connection waits until its caller is known. To look at a
// thousand processes takes some milliseconds.
const callerPatience = 50 * time.Millisecond

// callerName is the service, or else the program, that has the socket at client; "" where
// that is not known any more.
func (i *inspector) callerName(client, server netip.AddrPort) string {
	i.asking.Lock()
	defer i.asking.Unlock()
	h, err := ports.PeerHolder(client, server)
	switch {
	case err != nil:
		return ""
	case h.Service != "":
		return h.Service
	}
	return h.Program
}

func addrPort(a net.Addr) netip.AddrPort {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := t.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// decoder reads the copies of a connection on which protocol is spoken.
func (i *inspector) decoder(protocol string, emit decode.Emit) decode.Decoder {
	i.mu.Lock()
	limits := i.limits
	i.mu.Unlock()
	return decode.New(decode.Protocol(protocol), limits, emit)
}

// observe has a connection of the front to a service decoded, where that is inspected.
func (i *inspector) observe(service string, c net.Conn) net.Conn {
	i.mu.Lock()
	protocol, inspected := i.services[service]
	i.mu.Unlock()
	if !inspected {
		return c
	}
	return &observed{Conn: c, tap: newTap(i.decoder(protocol, i.store.Open(traffic.Edge{From: Browser, To: service}).Emit))}
}

// observed is a connection of the front whose copies are decoded.
type observed struct {
	net.Conn
	tap  *tap
	once sync.Once
}

func (o *observed) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	o.tap.copy(decode.Down, p[:n])
	return n, err
}

func (o *observed) Write(p []byte) (int, error) {
	o.tap.copy(decode.Up, p)
	return o.Conn.Write(p)
}

func (o *observed) Close() error {
	o.once.Do(func() {
		o.tap.end(decode.Up)
		o.tap.end(decode.Down)
		o.tap.close()
	})
	return o.Conn.Close()
}
