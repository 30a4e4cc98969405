package supervisor

import "time"

// CrashRecord is what is written down while a Supervisor runs, for the program that
// clears up after a crash.
type CrashRecord struct {
	// Run is Supervisor.RunID.
	Run string `json:"run"`
	// Supervisor is the program that runs it; Guard, zero for none, the one that ends
	// the services when that is killed.
	Supervisor Process  `json:"supervisor"`
	Guard      Process  `json:"guard"`
	Handles    []Handle `json:"processes"`
}

// Leftover is a process that outlived its run. Service is "" when nothing tells.
type Leftover struct {
	Service string `json:"service"`
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

// Leftovers finds what a run that was killed has left. There is nothing while both its
// supervisor and its guard live.
func Leftovers(r CrashRecord) []Leftover { return leftProcesses(r) }

// EndLeftovers asks what Leftovers finds to end, and kills what is there after timeout.
// It returns what has ended, and what even SIGKILL did not end. Every kind of runner ends
// what its handles name; a handle of an unknown kind, of a later version, is left alone.
func EndLeftovers(r CrashRecord, timeout time.Duration) (ended, still []Leftover) {
	return endLeftProcesses(r, timeout)
}
