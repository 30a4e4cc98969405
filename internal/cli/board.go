package cli

import (
	"strings"

	"github.com/lhrun/lhrun/supervisor"
)

// board is the newest status of each service that this run wants.
type board struct {
	order    []string
	statuses map[string]supervisor.Status
}

func newBoard(wanted []string, snapshot []supervisor.Status) *board {
	b := &board{order: wanted, statuses: make(map[string]supervisor.Status, len(wanted))}
	for _, name := range wanted {
		b.statuses[name] = supervisor.Status{}
	}
	b.refresh(snapshot)
	return b
}

func (b *board) refresh(snapshot []supervisor.Status) {
	for _, st := range snapshot {
		b.update(st)
	}
}

// update keeps st and returns what was known before.
func (b *board) update(st supervisor.Status) (before supervisor.Status) {
	before, wanted := b.statuses[st.Name]
	if wanted {
		b.statuses[st.Name] = st
	}
	return before
}

// each calls f for the wanted services in their order.
func (b *board) each(f func(supervisor.Status)) {
	for _, name := range b.order {
		f(b.statuses[name])
	}
}

func (b *board) those(is func(supervisor.Status) bool) []supervisor.Status {
	var out []supervisor.Status
	b.each(func(st supervisor.Status) {
		if is(st) {
			out = append(out, st)
		}
	})
	return out
}

func (b *board) count(is func(supervisor.Status) bool) int { return len(b.those(is)) }

// atGoal: a service is ready, a task completed.
func atGoal(st supervisor.Status) bool {
	return st.State == supervisor.StateReady || st.State == supervisor.StateCompleted
}

func isFailed(st supervisor.Status) bool  { return st.State == supervisor.StateFailed }
func isSettled(st supervisor.Status) bool { return st.State.Settled() }

// failedByItself leaves out the services that only waited for a failed one.
func failedByItself(st supervisor.Status) bool { return isFailed(st) && !st.StartedAt.IsZero() }

func isPending(st supervisor.Status) bool { return !atGoal(st) && !isSettled(st) }

// pending says in one line what is not ready yet and why.
func (b *board) pending() string {
	var parts []string
	for _, st := range b.those(func(st supervisor.Status) bool { return !atGoal(st) }) {
		parts = append(parts, describe(st))
	}
	return strings.Join(parts, "; ")
}

// describe says in one line how a service is: "api failed: exited with code 1".
func describe(st supervisor.Status) string {
	text := st.Name + " is " + string(st.State)
	if isSettled(st) {
		text = st.Name + " " + string(st.State)
	}
	if st.Reason != "" {
		text += ": " + st.Reason
	}
	return text
}
