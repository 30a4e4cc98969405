// Package journal keeps what happened to the services of one checkout, run after run, in
// one private file: an event a line, bounded in bytes. One process writes it, by a
// goroutine of its own; any process may read meanwhile, without a lock.
package journal

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

const (
	// name is the journal's file in the state directory of a checkout.
	name = "journal.jsonl"
	// MaxSize bounds the file, in bytes; the oldest runs go first.
	MaxSize = 4 << 20
	// largestLine bounds what is written, and read, as one entry, in bytes.
	largestLine = 64 << 10
)

// The kinds of an Entry that tell of a run; the others are the supervisor's.
const (
	// Begin is the first entry of a run: Run is its id, PID is lhrun's.
	Begin supervisor.EventKind = "begin"
	// End says that a run has ended in order, Killed that it was killed.
	End    supervisor.EventKind = "end"
	Killed supervisor.EventKind = "killed"
	// Missed says that entries are missing before this one.
	Missed supervisor.EventKind = "missed"
)

// Entry is one event. N grows from entry to entry, and from run to run.
type Entry struct {
	N       uint64               `json:"n"`
	Time    time.Time            `json:"time"`
	Kind    supervisor.EventKind `json:"kind"`
	Service string               `json:"service,omitempty"`
	State   supervisor.State     `json:"state,omitempty"`
	// Text is the event's, or the reason of State.
	Text string         `json:"text,omitempty"`
	By   *supervisor.By `json:"by,omitempty"`
	// Run is the id of the run that begins.
	Run string `json:"run,omitempty"`
	// PID is the service's leader or, of Begin, lhrun's.
	PID  int  `json:"pid,omitempty"`
	Task bool `json:"task,omitempty"`
	// Restarts, ExitCode, WaitsFor, DependsOn and FailedBy are those of the Status.
	Restarts  int      `json:"restarts,omitempty"`
	ExitCode  *int     `json:"exit_code,omitempty"`
	WaitsFor  []string `json:"waits_for,omitempty"`
	DependsOn []string `json:"depends_on,omitempty"`
	FailedBy  string   `json:"failed_by,omitempty"`
}

// EntryOf is what is kept of an event. Secrets are masked in it already.
func EntryOf(e supervisor.Event) Entry {
	st := e.Status
	out := Entry{Time: e.Time, Kind: e.Kind, Service: e.Service, Text: e.Text}
	by := e.By
	if e.Service != "" {
		by = st.By
		out.State, out.PID, out.Task, out.Restarts = st.State, st.PID, st.Task, st.Restarts
		out.ExitCode, out.WaitsFor, out.FailedBy = st.ExitCode, st.WaitsFor, st.FailedBy
		if e.Kind == supervisor.EventState {
			out.Text, out.DependsOn = st.Reason, st.DependsOn
		}
	}
	if by != (supervisor.By{}) {
		out.By = &by
	}
	return out
}

// Journal is the journal of one checkout.
type Journal struct {
	dir string
	// max is MaxSize, but for tests.
	max int64
}

// In is the journal in the private directory of a checkout, whose last two elements name
// project and instance; see files.InstanceDir.
func In(dir string) *Journal { return &Journal{dir, MaxSize} }

func (j *Journal) path() string { return filepath.Join(j.dir, name) }

// lastNumbered leaves room for those to come: nobody has written so many.
const (
	lastNumbered = 1 << 62
	mostDigits   = 19
)

// numbered is how each line begins.
const numbered = `{"n":`

// numberOf is the number of the entry in line, by its beginning alone; 0 is none.
func numberOf(line []byte) uint64 {
	digits, ok := bytes.CutPrefix(line, []byte(numbered))
	if !ok {
		return 0
	}
	end := bytes.IndexByte(digits[:min(len(digits), mostDigits+1)], ',')
	if end < 0 {
		return 0
	}
	n, err := strconv.ParseUint(string(digits[:end]), 10, 64)
	if err != nil || n > lastNumbered {
		return 0
	}
	return n
}

// decode reads a line. What a crash or somebody else has garbled is no entry.
func decode(line []byte) (Entry, bool) {
	var e Entry
	if numberOf(line) == 0 || len(line) > largestLine {
		return e, false
	}
	err := json.Unmarshal(line, &e)
	return e, err == nil && e.N == numberOf(line) && e.Kind != "" && !e.Time.IsZero()
}

// encode returns the line of e. One that is too long loses its lists, and its text.
func encode(e Entry) []byte {
	line, err := marshal(e)
	if err != nil || len(line) > largestLine {
		e.WaitsFor, e.DependsOn, e.Text = nil, nil, ""
		line, _ = marshal(e)
	}
	return line
}

func marshal(e Entry) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(e)
	return b.Bytes(), err
}

// isFile reports whether f is what path names.
func isFile(f *os.File, path string) bool {
	there, err := os.Lstat(path)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && os.SameFile(open, there)
}
