package supervisor

import (
	"context"
	"errors"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
)

// processRunner runs services as process trees of this machine. This file is the only
// one that knows package proc.
type processRunner struct{ table *proc.Table }

func newProcessRunner(subreaper bool) (processRunner, error) {
	if subreaper {
		if err := proc.BecomeSubreaper(); err != nil {
			return processRunner{}, err
		}
	}
	return processRunner{proc.NewTable()}, nil
}

// Start starts c without a shell where that comes to the same: a shell is as much work
// as many a service, and a process that is not one program.
func (r processRunner) Start(ctx context.Context, c command) (instance, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if words, ok := plainWords(c.Argv, c.Env); ok && c.PIDVar == "" {
		direct := c
		direct.Argv = words
		if i, err := r.start(direct); err == nil || errors.Is(err, os.ErrClosed) {
			return i, err
		}
		// The shell says what is wrong, and runs a script without a #! line.
	}
	c.Argv = execInShell(c.Argv)
	return r.start(c)
}

func (r processRunner) start(c command) (instance, error) {
	p, err := r.table.Start(c.spec())
	if err != nil {
		return nil, err
	}
	return process{p}, nil
}

func (r processRunner) Run(ctx context.Context, c command) (exitStatus, []byte, error) {
	exit, out, err := r.table.Run(ctx, c.spec())
	return exitStatus(exit), out, err
}

func (r processRunner) RunID() string { return r.table.RunID() }
func (r processRunner) Close()        { r.table.Close() }

func (c command) spec() proc.Spec {
	return proc.Spec{
		Argv: c.Argv, Dir: c.Dir, Env: c.Env, TTY: c.TTY, Size: proc.Size(c.Size), Files: c.Files, PIDVar: c.PIDVar,
		OpenStdin: c.OpenStdin,
	}
}

// String completes a sentence: "exited with code 3", "was killed by SIGKILL".
func (e exitStatus) String() string { return proc.Exit(e).String() }

// process is an instance: a leader and all that descends from it.
type process struct{ *proc.Process }

func (p process) Exit() exitStatus     { return exitStatus(p.Process.Exit()) }
func (p process) Resize(size Size)     { p.Process.Resize(proc.Size(size)) }
func (p process) Target() ports.Target { return ports.Target{Tree: p.Tree, Leader: p.PID()} }

func (p process) Usage() (Usage, bool) {
	tree := p.Tree()
	cpu, memory := proc.Usage(tree)
	return Usage{cpu, memory}, len(tree) > 0
}

func (p process) Handle() Handle { return p.handle(p.ID()) }

func (p process) End(how Stop, kill <-chan struct{}) ([]string, error) {
	return p.EndWith(proc.Ending{Signal: how.Signal, Timeout: how.Timeout, Kill: kill, Leader: how.Leader, Keep: how.Keep})
}

func (p process) Parts(keep []string) (parts []Handle) {
	for _, id := range p.Ending(keep) {
		parts = append(parts, p.handle(id))
	}
	return parts
}

func (p process) handle(id proc.ID) Handle {
	return Handle{Process: Process(id), Mark: p.Mark(), Pipe: p.Pipe()}
}

// Includes looks twice: a process that has lost its parent just now may be known only
// at the second look.
func (p process) Includes(line lineage) bool {
	for range 2 {
		tree := p.Tree()
		if slices.ContainsFunc(line, func(pid int) bool { return slices.Contains(tree, pid) }) {
			return true
		}
		time.Sleep(treePause)
	}
	return false
}

// treePause is longer than a look at the orphans is shared.
const treePause = 15 * time.Millisecond

func lineageOf(pid int) lineage { return proc.Lineage(pid) }

// afterAwake calls f once this program has been awake for d.
func afterAwake(d time.Duration, f func()) (stop func()) { return proc.AfterAwake(d, f) }

func isShellWord(word string) bool { return words.IsShellWord(word) }

// Alive reports whether the very process that p names still runs.
func (p Process) Alive() bool { return proc.Alive(proc.ID(p)) }

// leftProcesses and endLeftProcesses take the whole record: one process is found by the
// mark, and by the pipe, of another.
func leftProcesses(r CrashRecord) []Leftover { return leftoversOf(proc.Leftovers(r.processes())) }

func endLeftProcesses(r CrashRecord, timeout time.Duration) (ended, still []Leftover) {
	e, s := proc.EndLeftovers(r.processes(), timeout)
	return leftoversOf(e), leftoversOf(s)
}

func (r CrashRecord) processes() proc.Record {
	rec := proc.Record{Run: r.Run, Supervisor: proc.ID(r.Supervisor), Guard: proc.ID(r.Guard)}
	for _, h := range r.Handles {
		if h.PID != 0 {
			rec.Processes = append(rec.Processes, proc.Owned{Service: h.Service, ID: proc.ID(h.Process), Mark: h.Mark, Pipe: h.Pipe})
		}
	}
	return rec
}

func leftoversOf(left []proc.Left) (all []Leftover) {
	for _, l := range left {
		all = append(all, Leftover(l))
	}
	return all
}

// identify returns the process that has pid now.
func identify(pid int) (Process, bool) {
	id, alive := proc.Identify(pid)
	return Process(id), alive
}

// handInstance is a process that somebody else has started, with what descends from it.
type handInstance struct {
	outside
	tree proc.ForeignTree
}

// handPause is how often the process is looked for.
const handPause = 25 * time.Millisecond

func newHandInstance(p Process) (instance, error) {
	out, err := newOutside()
	if err != nil {
		return nil, err
	}
	h := &handInstance{tree: proc.ForeignTree{ID: proc.ID(p)}}
	h.output, h.done = out.output, out.done
	go func() {
		defer h.close()
		for p.Alive() {
			select {
			case <-h.done:
				return
			case <-time.After(handPause):
			}
		}
	}()
	return h, nil
}

func (h *handInstance) pids() (pids []int) {
	for _, id := range h.tree.Members() {
		pids = append(pids, id.PID)
	}
	return pids
}

func (h *handInstance) Target() ports.Target {
	return ports.Target{Tree: h.pids, Leader: h.tree.PID}
}

func (h *handInstance) Includes(line lineage) bool { return slices.Contains(line, h.tree.PID) }

// Suspended is for those who debug by hand to know.
func (h *handInstance) Suspended() int { return 0 }

func (h *handInstance) Usage() (Usage, bool) {
	pids := h.pids()
	cpu, memory := proc.Usage(pids)
	return Usage{cpu, memory}, len(pids) > 0
}

func (h *handInstance) Signal(sig syscall.Signal) error { return proc.SignalForeign(h.tree.ID, sig) }

// End ends the process as it would the service's own. One that has ended by itself has
// left whatever it has started to the person who started it.
func (h *handInstance) End(how Stop, kill <-chan struct{}) ([]string, error) {
	defer h.close()
	return nil, h.tree.End(how.Signal, how.Timeout, kill)
}
