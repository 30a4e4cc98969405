// Package run hosts the run of one checkout: it finds the project, claims the
// checkout, leases its ports, writes its port files, makes the supervisor, serves
// it to other processes and records it for the case that this process is killed.
// It also finds the runs of other processes.
//
// It starts no terminal, parses no flags, reads no signals and never ends the
// process: what a user should know it returns, or tells the Screen that it was
// given. So a test, a page or a server can host a run as the command line does.
package run

import (
	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/supervisor"
)

// Options says what is to run and what its host needs to know.
type Options struct {
	Locate
	// Names are the services to start, with what they need; none is all that start
	// by themselves.
	Names []string
	// NoDeps leaves out what the named services depend on: they do not wait for it.
	NoDeps bool
	// Inspect are services to inspect from the beginning, whatever the file says; with
	// InspectAll, all that have a port.
	Inspect []string
	// Guard is the process that outlives this one and ends what it leaves. The zero
	// ID means that there is none.
	Guard proc.ID
	// OneOff says that the run ends with the last one who uses its services; see
	// control.Snapshot. The first one is whoever began it.
	OneOff bool
	// Version is lhrun's, for those who ask the run.
	Version string
	// Reloaded, unless nil, hears of each reload. It may be called at any time.
	Reloaded func(control.Answer)
	// Exit ends this process at once. It is called where the end in order cannot be
	// waited for; nil waits for it anyway.
	Exit func(code int)
}

// InspectAll stands for all services that can be inspected.
const InspectAll = "*"

// Screen is what a run writes to.
type Screen interface {
	supervisor.Output
	// Say takes one line of lhrun's own.
	Say(level hclog.Level, text string)
	// Size returns the size of the terminal, the zero Size where there is none.
	Size() supervisor.Size
	Close() error
}
