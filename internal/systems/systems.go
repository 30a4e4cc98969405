// Package systems is for tests: it names what Linux gives lhrun and other systems do not,
// with the tests that cannot hold there. A Linux build with the tag "portable" does without,
// as those of other systems have to.
package systems

import "testing"

// Lack is something that lhrun can only do on Linux.
type Lack int

const (
	// Escapes is what does not return to lhrun.
	Escapes Lack = iota
	// Chains is what is faster than a look.
	Chains
	// Leaders is what a dead supervisor has started.
	Leaders
	// Orphans is what becomes of processes without a parent.
	Orphans
	// Pace is when a listener is seen.
	Pace
	// State is what is kept in the state directory.
	State
	// Silent is who has a port and does not listen on it.
	Silent
	// Users is what others know of leases.
	Users
	// Senders is whom readiness comes from.
	Senders
	// Connections is who talks to whom.
	Connections
	// Peers is whose a connection to the front is.
	Peers
	lacks
)

// reasons are the sentences of help topic "systems".
var reasons = [lacks]string{
	Escapes:     "A process that leaves its session, loses its parent and clears its environment is not found",
	Chains:      "A chain of processes that each start the next and go may outrun lhrun",
	Leaders:     "nothing ends before the next lhrun command in the project",
	Orphans:     "orphans do not come to lhrun",
	Pace:        "a listener is seen up to a tenth of a second late",
	Users:       "locked files: lhruns of other users do not see them",
	Senders:     "the sender is not known: any process of the user is believed",
	State:       "who removes the state directory removes them",
	Connections: `not counted: "lhrun graph" shows what depends_on says`,
	Peers:       "whose a connection is, is not known: every user of the machine is answered",
	Silent:      "Who has a port and does not listen on it is not named, nor how long closed connections keep it",
}

// String is the sentence that help topic "systems" has for l.
func (l Lack) String() string { return reasons[l] }

// All returns every Lack.
func All() (all []Lack) {
	for l := range lacks {
		all = append(all, l)
	}
	return all
}

// Need skips t where this build lacks what it needs.
func Need(t testing.TB, l Lack) {
	t.Helper()
	if Lacking {
		t.Skip(l)
	}
}
