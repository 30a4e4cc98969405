package supervisor

import (
	"fmt"
	"net/netip"
	"os"
	"slices"

	"github.com/lhrun/lhrun/ports"
)

// follow has the shared watcher report where the attempt's instance listens.
func (s *Supervisor) follow(a *attempt) {
	target := a.instance.Target()
	target.Ports, target.Started = a.svc.ports(), a.notBefore
	target.Opened = func(l ports.Listener) {
		s.postTo(a, func() { s.opened(a, l.Addr) })
	}
	target.Stranger = func(l ports.Listener, h ports.Holder) {
		s.postTo(a, func() { s.stranger(a, l.Addr, h) })
	}
	a.watch = s.platform.watch(target)
	a.cleanup = append(a.cleanup, a.watch.Remove)
	if a.svc.gate() == 0 {
		s.settled(a)
	}
}

// settled tells the watcher that nobody waits for this service's ports any more.
func (s *Supervisor) settled(a *attempt) { a.watch.Settle() }

// opened takes the news that the instance listens at addr.
func (s *Supervisor) opened(a *attempt, addr netip.AddrPort) {
	port := int(addr.Port())
	s.remarkListener(a, addr)
	defer s.explain(a)
	if port != a.svc.gate() || a.listening {
		return
	}
	a.listening = true
	switch {
	case a.svc.Ready.Kind == ProbeDefault:
		s.ready(a)
	case !a.wasReady:
		s.probe(a)
	}
}

func (s *Supervisor) remarkListener(a *attempt, addr netip.AddrPort) {
	u := a.unit
	ip := addr.Addr().Unmap()
	switch {
	case !a.svc.owns(int(addr.Port())):
		a.otherAddr = addr.String()
		s.remark(u, NoticeListener, "listens on %s, %s", addr, a.svc.ownPortHint())
	case ip.IsUnspecified():
		s.remark(u, NoticeListener, "listens on %s, open to the network: let it bind $HOST (%s)", addr, a.svc.Host)
	case ip.Is6() && a.svc.Host == "127.0.0.1":
		s.remark(u, NoticeListener, "listens on %s but not on %s, where others look for it: let it bind $HOST", addr, a.svc.Host)
	}
}

func (s *Service) owns(port int) bool { return slices.Contains(s.ports(), port) }

func (s *Service) ownPortHint() string {
	if s.Port == 0 {
		return "though it has no port of its own: give it one with `port` or `ports`"
	}
	return fmt.Sprintf("not on its port %d: let it use $PORT, or name the port in `ports`", s.Port)
}

// stranger takes the news that somebody else listens on one of the service's ports.
func (s *Supervisor) stranger(a *attempt, addr netip.AddrPort, h ports.Holder) {
	if a.svc.Listen && h.PID == os.Getpid() {
		s.remark(a.unit, NoticeListener, "has not kept the socket of port %d that it was given (LISTEN_FDS): nobody answers there", addr.Port())
		return
	}
	s.remark(a.unit, NoticeListener, "cannot use its port %d, which is held by %s", addr.Port(), h)
	a.holder = h.String()
	s.explain(a)
}
