package supervisor

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// otherFamilyAfter lets a service that listens on [::1] and on 127.0.0.1 do both: some
// take half a second in between, and the watcher sees the second one later still.
const otherFamilyAfter = 1500 * time.Millisecond

// listenState is what is known of where an attempt's instance listens.
type listenState struct {
	open []ports.Listener
	// served says that clients could reach its servingPort at some time, lost that they
	// cannot any more.
	served bool
	lost   bool
	// otherAddr is where it listens instead, and holder who has its port; "" when unknown.
	otherAddr string
	holder    string
}

// follow has the shared watcher report where the attempt's instance listens.
func (s *Supervisor) follow(a *attempt) {
	target := a.instance.Target()
	target.Ports, target.Started = a.svc.ports(), a.notBefore
	target.Opened = func(l ports.Listener) { s.postTo(a, func() { s.opened(a, l) }) }
	target.Closed = func(l ports.Listener) { s.postTo(a, func() { s.closed(a, l) }) }
	target.Stranger = func(l ports.Listener, h ports.Holder) {
		s.postTo(a, func() { s.stranger(a, l, h) })
	}
	a.watch = s.platform.watch(target)
	a.cleanup = append(a.cleanup, a.watch.Remove)
	if a.svc.gate() == 0 {
		s.settled(a)
	}
}

// settled tells the watcher that nobody waits for this service's ports any more.
func (s *Supervisor) settled(a *attempt) {
	if a.watch != nil {
		a.watch.Settle()
	}
}

// servingPort is the port on which a service that is ready has to go on listening: its
// gate or, where it has none, its own port, once it has listened there. 0 is none.
func (s *Service) servingPort() int {
	if gate := s.gate(); gate != 0 || s.Listen {
		return gate
	}
	return s.Port
}

// host is the address at which others look for the service: that of its probe or URL
// where they name one, else Host.
func (s *Service) host() string {
	named := []string{s.URL}
	if s.Ready.Own {
		named = []string{s.Ready.Target, s.URL}
	}
	for _, target := range named {
		if host, _ := addressOf(target); net.ParseIP(host) != nil {
			return host
		}
	}
	return s.Host
}

// addressOf returns the host and the port of a URL or host:port, as far as it has them.
func addressOf(target string) (host string, port int) {
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		target = u.Host
	}
	host, number, err := net.SplitHostPort(target)
	if err != nil {
		return strings.Trim(target, "[]"), 0
	}
	port, _ = strconv.Atoi(number)
	return host, port
}

// isReached reports whether the instance listens on its servingPort where others look
// for it, which is on host.
func (a *attempt) isReached() bool {
	return slices.ContainsFunc(a.listens.open, func(l ports.Listener) bool {
		return int(l.Addr.Port()) == a.svc.servingPort() && l.Reaches(a.svc.host())
	})
}

// opened takes the news that the instance listens at l.
func (s *Supervisor) opened(a *attempt, l ports.Listener) {
	wasReached := a.isReached()
	if !slices.Contains(a.listens.open, l) {
		a.listens.open = append(a.listens.open, l)
		s.tellListens(a.svc.Name, a.listens.open)
	}
	s.remarkListener(a, l)
	defer s.explain(a)
	if wasReached || !a.isReached() {
		return
	}
	a.listens.served, a.listens.lost, a.listens.holder = true, false, ""
	switch {
	case a.wasReady:
		s.assess(a)
	case a.svc.gate() == 0: // Its probe goes on by itself.
	case a.svc.Ready.Kind == ProbeDefault:
		s.ready(a)
	default:
		s.probe(a)
	}
}

// closed takes the news that a listener of the instance has been closed for
// ports.ClosedAfter.
func (s *Supervisor) closed(a *attempt, l ports.Listener) {
	a.listens.open = slices.DeleteFunc(a.listens.open, func(o ports.Listener) bool { return o == l })
	s.tellListens(a.svc.Name, a.listens.open)
	defer s.explain(a)
	if !a.listens.served || a.isReached() {
		return
	}
	a.listens.lost = true
	switch {
	case a.wasReady:
		s.assess(a)
	case a.svc.gate() != 0 && a.stopProbe != nil: // opened begins it again.
		a.stopProbe()
		a.stopProbe, a.probeErr = nil, nil
	}
}

// tellListens tells Options.Listens where a service listens now.
func (s *Supervisor) tellListens(service string, open []ports.Listener) {
	if s.opts.Listens == nil {
		return
	}
	var numbers []int
	for _, l := range open {
		numbers = append(numbers, int(l.Addr.Port()))
	}
	s.opts.Listens(service, numbers)
}

func (s *Supervisor) remarkListener(a *attempt, l ports.Listener) {
	if !a.svc.owns(int(l.Addr.Port())) {
		a.listens.otherAddr = l.Addr.String()
		s.remark(a.unit, NoticeListener, "listens on %s, %s", l.Addr, a.svc.ownPortHint())
		return
	}
	if l.Addr.Addr().IsUnspecified() {
		s.remark(a.unit, NoticeListener, "listens on %s, open to the network: let it bind $HOST (%s)", l.Addr, a.svc.Host)
	}
	if !l.Reaches(a.svc.host()) {
		s.later(a, otherFamilyAfter, func() { s.remarkUnreached(a, l) })
	}
}

// remarkUnreached tells of a listener that others do not find, if the instance has
// listened nowhere else on that port meanwhile.
func (s *Supervisor) remarkUnreached(a *attempt, l ports.Listener) {
	found := func(o ports.Listener) bool { return o.Addr.Port() == l.Addr.Port() && o.Reaches(a.svc.host()) }
	if slices.Contains(a.listens.open, l) && !slices.ContainsFunc(a.listens.open, found) {
		s.remark(a.unit, NoticeListener, "listens on %s but not on %s, where others look for it: let it bind $HOST", l.Addr, a.svc.host())
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
func (s *Supervisor) stranger(a *attempt, l ports.Listener, h ports.Holder) {
	port := l.Addr.Port()
	if a.svc.Listen && h.PID == os.Getpid() {
		s.remark(a.unit, NoticeListener, "has not kept the socket of port %d that it was given (LISTEN_FDS): nobody answers there", port)
		return
	}
	s.remark(a.unit, NoticeListener, "cannot use its port %d, which is held by %s%s", port, h, a.svc.containerAdvice(h))
	a.listens.holder = h.String()
	s.explain(a)
}

// unreached says why others do not reach the service's port.
func (a *attempt) unreached(port int) string {
	elsewhere := slices.IndexFunc(a.listens.open, func(l ports.Listener) bool { return int(l.Addr.Port()) == port })
	switch {
	case elsewhere >= 0:
		return fmt.Sprintf("it listens on %s but not on %s, where others look for it", a.listens.open[elsewhere].Addr, a.svc.host())
	case a.listens.holder != "":
		return fmt.Sprintf("its port %d is held by %s", port, a.listens.holder)
	case a.listens.lost:
		return fmt.Sprintf("nothing listens on its port %d any more", port)
	case a.listens.otherAddr != "":
		return fmt.Sprintf("it listens on %s instead of its port %d", a.listens.otherAddr, port)
	}
	return fmt.Sprintf("nothing listens on its port %d yet", port)
}
