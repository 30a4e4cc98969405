// Package control lets a running project be seen and steered from other processes
// of the same user: HTTP and JSON over one private unix socket.
package control

import (
	"context"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// Project is a running project. The supervising process satisfies it directly and
// Client across the socket, so a view (a verb, a terminal UI, a page) can sit on
// either.
type Project interface {
	// Snapshot returns everything that is known now. With usage, cpu and memory of
	// each process tree are measured too.
	Snapshot(ctx context.Context, usage bool) (Snapshot, error)
	// Events calls each for every event after number since, first those of the
	// past that are still remembered, then new ones as they come, until ctx ends,
	// which is no error, or each returns an error, which it returns. What was
	// missed is an Event of kind KindMissed. It returns ErrEnded once the project
	// is down, and nothing of it is left.
	Events(ctx context.Context, since uint64, each func(Event) error) error
	// Logs calls each for every line that q asks for, oldest first, and with Follow
	// for those to come, until ctx ends, which is no error, or each returns an
	// error, which it returns. Following ends with the project, without an error.
	Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error
	// Ask asks for a change and returns when it is under way, not when it is done.
	Ask(ctx context.Context, r Request) (Answer, error)
}

// Holder is a Project whose services can be held by those who use them for a while.
type Holder interface {
	Project
	// Hold starts services and what they need, calls held with what became of that, and
	// returns when ctx or the project ends. Then, or at a request to release the hold,
	// what was started for holds alone and nobody uses any more is stopped; a one-off run
	// ends with its last hold. alone leaves out what the services need.
	Hold(ctx context.Context, services []string, alone bool, held func(Answer) error) error
}

// Snapshot is a project at one moment. Seq is the number of the last event that
// it includes: Events from there on miss nothing.
type Snapshot struct {
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Dir      string `json:"dir"`
	PID      int    `json:"pid"`
	// Run tells this run from any other of the checkout; "" is not known.
	Run string `json:"run,omitempty"`
	// OneOff says that the run ends with the last one who holds services of it; see Holder.
	OneOff bool `json:"one_off,omitempty"`
	// Changed are the files that have changed since the run read them, where that makes
	// a difference to a service.
	Changed []string `json:"changed_files,omitempty"`
	// Front is where browsers reach the services; nil where they do not.
	Front *Front `json:"front,omitempty"`
	// Inspected are the addresses at which services find those that are inspected.
	Inspected []InspectedEdge `json:"inspected,omitempty"`
	Version   string          `json:"version"`
	Seq       uint64          `json:"seq"`
	Services  []Service       `json:"services"`
}

// Front is the port by which browsers reach services by name.
type Front struct {
	Port int `json:"port"`
	// WaitMS is how many milliseconds a request waits for a service that is not ready.
	WaitMS int64 `json:"wait_ms"`
	// Secure says that browsers trust this user's certificates, so origins are https.
	Secure bool `json:"secure,omitempty"`
}

// InspectedEdge is an address of one caller for one port of an inspected service.
type InspectedEdge struct {
	// From is "*" where the callers that do not depend on To share the address.
	From string `json:"from"`
	To   string `json:"to"`
	// Name is that of To's port; "" is the main one.
	Name string `json:"name,omitempty"`
	Port int    `json:"port"`
	// Target is To's own port.
	Target int `json:"target"`
	// Protocol is what To is told to speak; "" is for its first bytes to tell.
	Protocol string `json:"protocol,omitempty"`
}

// Service is one service in a Snapshot.
type Service struct {
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Type        string           `json:"type"`
	State       supervisor.State `json:"state"`
	PID         int              `json:"pid"`
	Port        int              `json:"port"`
	Ports       map[string]int   `json:"ports"`
	URL         string           `json:"url"`
	Restarts    int              `json:"restarts"`
	StartedAt   *Time            `json:"started_at"`
	ReadyAt     *Time            `json:"ready_at"`
	// Since is when State was entered.
	Since    Time   `json:"since"`
	ExitCode *int   `json:"exit_code"`
	Reason   string `json:"reason"`
	TimedOut bool   `json:"timed_out,omitempty"`
	// Wanted reports that somebody asked for it, and nobody has stopped it since.
	Wanted bool `json:"wanted"`
	// Restarting reports that it is to end and to start again, and has not ended yet.
	Restarting bool     `json:"restarting,omitempty"`
	DependsOn  []string `json:"depends_on,omitempty"`
	WaitsFor   []string `json:"waits_for,omitempty"`
	// FailedBy names the dependency whose end made it fail; "" where none did.
	FailedBy string `json:"failed_by,omitempty"`
	NextTry  *Time  `json:"next_try,omitempty"`
	// By says who has caused the present attempt, or the end of the last one; nil is
	// nobody yet.
	By *supervisor.By `json:"by,omitempty"`
	// Origin is how browsers call it through the front; "" where they cannot. Names are
	// those by which the front leads to it.
	Origin string   `json:"origin,omitempty"`
	Names  []string `json:"names,omitempty"`
	// CPU is the percentage of one core that the tree has used since somebody
	// asked last, if that was in the last ten seconds, else since its start. Memory
	// is its resident bytes. Both only when usage was asked for.
	CPU    *float64 `json:"cpu,omitempty"`
	Memory *int64   `json:"memory,omitempty"`
	// Probe is the probe that it waits for or, once it was ready, its health probe. It is
	// there only when usage was asked for.
	Probe *Probe `json:"probe,omitempty"`
}

// Probe is how far a probe has come.
type Probe struct {
	// Kind is the word of lhrun.toml; "port" stands for that the service listens.
	Kind   string `json:"kind"`
	Target string `json:"target"`
	// Failures counts the tries in a row that have failed, LastError is the last one's.
	Failures  int    `json:"failures"`
	LastError string `json:"last_error,omitempty"`
	NextTry   *Time  `json:"next_try,omitempty"`
}

// EventMissed is the kind of an Event that tells of events that are gone for good:
// Missed of them, up to Seq. Text says so. The other kinds are the supervisor's.
const EventMissed supervisor.EventKind = "missed"

// Event is one thing that happened. Seq grows by one with each. Every change of a
// Service is an event, so a Mirror always knows the newest state.
type Event struct {
	Seq     uint64               `json:"seq"`
	Time    Time                 `json:"time"`
	Kind    supervisor.EventKind `json:"kind"`
	Service *Service             `json:"service,omitempty"`
	// Notice says what an event of kind notice is about.
	Notice supervisor.Notice `json:"notice,omitempty"`
	Text   string            `json:"text,omitempty"`
	Lines  []string          `json:"lines,omitempty"`
	// Behind is how many lines the service has written after the first of Lines.
	Behind int `json:"behind,omitempty"`
	// Order, of kind order, names all services as they are listed from now on.
	Order  []string `json:"order,omitempty"`
	Missed uint64   `json:"missed,omitempty"`
	// By, of kind asked, is whoever asks for what Text names.
	By *supervisor.By `json:"by,omitempty"`
}

// LogQuery says which lines of which services are wanted; no Services is all of
// them. The zero value is all lines of the current run.
type LogQuery struct {
	Services []string `json:"services,omitempty"`
	// Last, if positive, is how many lines of each service are wanted.
	Last int `json:"last,omitempty"`
	// Since and Until bound the time of a line. Following ends at Until.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Grep is a regular expression of the lines wanted.
	Grep string `json:"grep,omitempty"`
	// Run is 0 for the current run, -1 for the one before it and so on; AllRuns
	// takes the lines of all.
	Run     int  `json:"run,omitempty"`
	AllRuns bool `json:"all_runs,omitempty"`
	Follow  bool `json:"follow,omitempty"`
	// After, with Follow, holds LogLine.Next of the last known line of services:
	// it goes on from there, as after a lost connection.
	After map[string]int64 `json:"after,omitempty"`
}

// LogLine is one line of one service.
type LogLine struct {
	Service string    `json:"service"`
	At      time.Time `json:"time"`
	Text    string    `json:"text"`
	// Run is the number of the run that wrote the line: it grows from run to run.
	Run int64 `json:"run,omitempty"`
	// Partial says that the line has not ended for a while. It comes again.
	Partial bool `json:"partial,omitempty"`
	// Missed, if positive, is how many bytes were written faster than they were
	// read and are lost to this reader; Text is empty then.
	Missed int64 `json:"missed,omitempty"`
	Next   int64 `json:"next"`
}

// The verbs of a Request that concern the whole project; those that concern services
// are the supervisor's.
const (
	VerbDown   supervisor.Verb = "down"
	VerbPlan   supervisor.Verb = "plan"
	VerbReload supervisor.Verb = "reload"
	// VerbRelease ends a hold; its Answer names the services that are stopped for that.
	VerbRelease supervisor.Verb = "release"
	// VerbTake has a process of the caller be a service; see supervisor.Taking. The
	// answer comes when the process may begin.
	VerbTake supervisor.Verb = "take"
	// VerbInspect begins to inspect the named services, or all that have a port, or ends
	// that; what calls them restarts.
	VerbInspect supervisor.Verb = "inspect"
	// VerbGraph changes nothing; its Answer tells who talks to whom.
	VerbGraph supervisor.Verb = "graph"
)

// Request asks for a change. No Services means all of them. With VerbPlan and VerbReload
// the others keep the form that they have.
type Request struct {
	Verb     supervisor.Verb `json:"verb"`
	Services []string        `json:"services,omitempty"`
	// NoDeps leaves out what they depend on, which is not waited for either (start,
	// restart), or what depends on them (stop).
	NoDeps bool `json:"no_deps,omitempty"`
	// Missing, with supervisor.VerbStart, leaves completed tasks as they are.
	Missing bool `json:"missing,omitempty"`
	// Restart, with VerbPlan and VerbReload, restarts the named services, or all that are
	// up or have failed, even where nothing changes for them.
	Restart bool `json:"restart,omitempty"`
	// Stay, with supervisor.VerbStart, has a one-off run go on until VerbDown.
	Stay bool `json:"stay,omitempty"`
	// Off, with VerbInspect, ends the inspection.
	Off bool `json:"off,omitempty"`
	// Kill, with VerbDown, waits for nobody.
	Kill bool `json:"kill,omitempty"`
	// Hold, with VerbRelease, is Answer.Hold.
	Hold uint64 `json:"hold,omitempty"`
	// PID, Outside and Leave belong to VerbTake.
	PID     int  `json:"pid,omitempty"`
	Outside bool `json:"outside,omitempty"`
	Leave   bool `json:"leave,omitempty"`
}

// Answer is what became of a Request.
type Answer struct {
	// Seq is the number of the last event before the change. Effective is that of the
	// last event of its first effects: a Mirror that has come so far shows each service
	// that it concerns on its way, or where it shall be.
	Seq       uint64 `json:"seq"`
	Effective uint64 `json:"effective"`
	// Services are those that the request concerns, in the order of starting.
	Services []string `json:"services,omitempty"`
	// Changed are those of them that were not yet as the request wants them.
	Changed []string `json:"changed,omitempty"`
	// Operations are what plan and reload do.
	Operations []Operation `json:"operations,omitempty"`
	// Notes are lines for people.
	Notes []string `json:"notes,omitempty"`
	// Hold names a hold; see Holder.
	Hold uint64 `json:"hold,omitempty"`
	// Ends, of VerbRelease, says that the run ends, as nobody holds anything any more.
	Ends bool `json:"ends,omitempty"`
	// Taken is what the process of VerbTake is to execute.
	Taken *Taken `json:"taken,omitempty"`
	Graph *Graph `json:"graph,omitempty"`
}

// Taken is a service's command, with its environment and directory.
type Taken struct {
	Command []string `json:"command"`
	Env     []string `json:"env"`
	Dir     string   `json:"dir"`
}

// Operation is one thing that a reload does.
type Operation struct {
	// Do is "add", "remove", "restart", "start", "update" (what runs goes on), or
	// "write", of a port file, which Service then names.
	Do      string `json:"do"`
	Service string `json:"service"`
	// Causes say why, one each: "command changed", "env DATABASE_URL changed".
	Causes []string `json:"causes"`
}
