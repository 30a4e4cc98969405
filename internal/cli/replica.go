package cli

import (
	"slices"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// replica is the newest status of each service that a verb has to do with: those
// that it wants, in their order, and others that were asked for besides.
type replica struct {
	wanted []string
	others []string
	known  map[string]control.Service
	// since holds, for services that somebody asked to change, the number of the
	// last event before that: what older ones say of them is out of date.
	since map[string]uint64
	// awaited was on its way, and alive had not ended, at the last look. To look
	// there first spares a look at all services with each event.
	awaited, alive string
}

func newReplica(wanted []string) *replica {
	b := &replica{wanted: slices.Clone(wanted), known: make(map[string]control.Service), since: make(map[string]uint64)}
	for _, name := range wanted {
		b.known[name] = control.Service{Name: name, State: supervisor.StateStopped}
	}
	return b
}

// refresh replaces events that were missed.
func (b *replica) refresh(s control.Snapshot) {
	names := make(map[string]bool, len(s.Services))
	for _, st := range s.Services {
		names[st.Name] = true
		b.update(s.Seq, st)
	}
	gone := func(name string) bool { return !names[name] }
	b.wanted, b.others = slices.DeleteFunc(b.wanted, gone), slices.DeleteFunc(b.others, gone)
	b.awaited, b.alive = "", ""
}

// update keeps what event seq says of a service, and returns what was known before.
func (b *replica) update(seq uint64, st control.Service) (before control.Service, fresh bool) {
	before, listed := b.known[st.Name]
	if asked, ok := b.since[st.Name]; ok && seq <= asked {
		return before, false
	}
	if !listed && st.Wanted {
		b.others = append(b.others, st.Name)
	}
	if listed || st.Wanted {
		b.known[st.Name] = st
	}
	return before, true
}

// expect says that services were asked to start, by a change after event seq. They
// count as waiting until the events of that change tell more.
func (b *replica) expect(seq uint64, names ...string) {
	for _, name := range names {
		st := b.known[name]
		st.Name, st.State, st.Reason, st.Wanted = name, supervisor.StateWaiting, "", true
		b.update(seq+1, st)
		b.since[name] = seq
	}
}

// remove forgets a service that a reload has taken away.
func (b *replica) remove(name string) {
	is := func(other string) bool { return other == name }
	b.wanted, b.others = slices.DeleteFunc(b.wanted, is), slices.DeleteFunc(b.others, is)
	delete(b.known, name)
	b.awaited, b.alive = "", ""
}

func (b *replica) knows(name string) bool {
	_, known := b.known[name]
	return known
}

// targets are the wanted services; all are those that came in later, too.
func (b *replica) targets() []control.Service { return b.list(b.wanted) }
func (b *replica) all() []control.Service     { return b.list(append(slices.Clone(b.wanted), b.others...)) }

func (b *replica) list(names []string) []control.Service {
	out := make([]control.Service, 0, len(names))
	for _, name := range names {
		out = append(out, b.known[name])
	}
	return out
}

// reached reports whether no wanted service is on its way any more.
func (b *replica) reached() bool { return !b.some(b.wanted, view.IsPending, &b.awaited) }

// moves reports whether some service is on its way.
func (b *replica) moves() bool {
	last := ""
	return !b.reached() || b.some(b.others, view.IsPending, &last)
}

// ended reports whether every service has finished.
func (b *replica) ended() bool {
	lives := func(st control.Service) bool { return !view.HasEnded(st) }
	return !b.some(b.wanted, lives, &b.alive) && !b.some(b.others, lives, &b.alive)
}

// some reports whether is holds for one of the services; it held for last.
func (b *replica) some(names []string, is func(control.Service) bool, last *string) bool {
	if st, known := b.known[*last]; known && is(st) {
		return true
	}
	for _, name := range names {
		if is(b.known[name]) {
			*last = name
			return true
		}
	}
	return false
}

// pending says in one line which services are not ready yet, and why.
func (b *replica) pending() string {
	return view.DescribeAll(view.Filter(b.targets(), func(s control.Service) bool { return !view.AtTarget(s) }))
}
