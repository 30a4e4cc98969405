package cli

import (
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// board is the newest status of each service that a verb has to do with: those
// that it wants, in their order, and others that have been asked for besides.
type board struct {
	wanted []string
	others []string
	known  map[string]control.Service
	// since holds, for services of which a change was asked, the number of the
	// last event before it: what older ones say of them is no news.
	since map[string]uint64
	// awaited and alive were on their way, and had not ended, when that was asked
	// last. To look there first spares a look at all of them with each event.
	awaited, alive string
}

func newBoard(wanted []string) *board {
	b := &board{wanted: slices.Clone(wanted), known: make(map[string]control.Service), since: make(map[string]uint64)}
	for _, name := range wanted {
		b.known[name] = control.Service{Name: name, State: string(supervisor.StateStopped)}
	}
	return b
}

// refresh takes the place of events that were missed.
func (b *board) refresh(s control.Snapshot) {
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
func (b *board) update(seq uint64, st control.Service) (before control.Service, fresh bool) {
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
func (b *board) expect(seq uint64, names ...string) {
	for _, name := range names {
		st := b.known[name]
		st.Name, st.State, st.Reason, st.Wanted = name, string(supervisor.StateWaiting), "", true
		b.update(seq+1, st)
		b.since[name] = seq
	}
}

// remove forgets a service that a reload has taken away.
func (b *board) remove(name string) {
	is := func(other string) bool { return other == name }
	b.wanted, b.others = slices.DeleteFunc(b.wanted, is), slices.DeleteFunc(b.others, is)
	delete(b.known, name)
	b.awaited, b.alive = "", ""
}

func (b *board) knows(name string) bool {
	_, known := b.known[name]
	return known
}

// goal are the wanted services, all also those that came in later.
func (b *board) goal() []control.Service { return b.list(b.wanted) }
func (b *board) all() []control.Service  { return b.list(append(slices.Clone(b.wanted), b.others...)) }

func (b *board) list(names []string) []control.Service {
	out := make([]control.Service, 0, len(names))
	for _, name := range names {
		out = append(out, b.known[name])
	}
	return out
}

// reached is: nothing of the goal is on its way any more.
func (b *board) reached() bool { return !b.some(b.wanted, isPending, &b.awaited) }

// moves is: some service is on its way.
func (b *board) moves() bool {
	last := ""
	return !b.reached() || b.some(b.others, isPending, &last)
}

// ended is: every service has come to its end.
func (b *board) ended() bool {
	lives := func(st control.Service) bool { return !hasEnded(st) }
	return !b.some(b.wanted, lives, &b.alive) && !b.some(b.others, lives, &b.alive)
}

// some reports whether a service is so; last is one that was.
func (b *board) some(names []string, is func(control.Service) bool, last *string) bool {
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

func those(services []control.Service, is func(control.Service) bool) []control.Service {
	var out []control.Service
	for _, st := range services {
		if is(st) {
			out = append(out, st)
		}
	}
	return out
}

func count(services []control.Service, is func(control.Service) bool) int {
	return len(those(services, is))
}

// in makes a question of a state.
func in(states ...supervisor.State) func(control.Service) bool {
	return func(st control.Service) bool { return inState(st, states...) }
}

// atGoal: a service is ready, a task completed.
func atGoal(st control.Service) bool {
	return in(supervisor.StateReady, supervisor.StateCompleted)(st)
}

func isFailed(st control.Service) bool  { return in(supervisor.StateFailed)(st) }
func isSettled(st control.Service) bool { return supervisor.State(st.State).Settled() }
func isPending(st control.Service) bool { return !atGoal(st) && !isSettled(st) }

// failedByItself leaves out the services that only waited for a failed one.
func failedByItself(st control.Service) bool { return isFailed(st) && st.StartedAt != nil }

// hasEnded is: it came to its end by itself, rather than because somebody stopped it.
func hasEnded(st control.Service) bool {
	return isSettled(st) && (st.Wanted || st.State != string(supervisor.StateStopped))
}

// pending says in one line what is not ready yet and why.
func (b *board) pending() string {
	var parts []string
	for _, st := range b.goal() {
		if !atGoal(st) {
			parts = append(parts, describe(st))
		}
	}
	return strings.Join(parts, "; ")
}

// describe says in one line how a service is: "api failed: exited with code 1".
func describe(st control.Service) string {
	text := st.Name + " is " + st.State
	switch {
	case isSettled(st):
		text = st.Name + " " + st.State
	case inState(st, supervisor.StateBackoff):
		text = st.Name + " is in " + st.State
	}
	if st.Reason != "" {
		text += ": " + st.Reason
	}
	return text
}

func names(services []control.Service) []string {
	out := make([]string, len(services))
	for i, st := range services {
		out[i] = st.Name
	}
	return out
}
