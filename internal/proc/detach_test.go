//go:build linux || darwin || freebsd

package proc

import (
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestTheInnermostMarkIsTakenOff(t *testing.T) {
	for env, want := range map[string]string{
		"A=1 LHRUN_RUN=a-0":       "A=1",
		"LHRUN_RUN=b-7,a-0 A=1":   "LHRUN_RUN=b-7 A=1",
		"LHRUN_RUN=a-0,b-7 A=1":   "LHRUN_RUN=a-0,b-7 A=1",
		"A=LHRUN_RUN=a-0":         "A=LHRUN_RUN=a-0",
		"LHRUN_RUN= A=1":          "LHRUN_RUN= A=1",
		"LHRUN_RUN=c-1,b-2,a-3 B": "LHRUN_RUN=c-1,b-2 B",
	} {
		if got := unmarked(strings.Fields(env), "a"); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", env, got, want)
		}
	}
}

// What a guarded program detaches outlives it and its guard, and nothing else does.
func TestADetachedProgramOutlivesItsGuard(t *testing.T) {
	for _, end := range []string{"supervisor exits", "supervisor killed"} {
		t.Run(end, func(t *testing.T) {
			g := start(t, newTable(t), "guard detaching "+strings.Fields(end)[1])
			run, other := g.line("run"), g.id("other")
			far := g.id("detached")
			t.Cleanup(func() { signalExact(far, syscall.SIGKILL) })
			syscall.Kill(g.PID(), syscall.SIGTERM)
			g.waitDone()
			if Alive(other) {
				t.Error("what it started otherwise lives")
			}
			if !Alive(far) {
				t.Error("the detached program is dead")
			}
			if _, marked := readMark(far.PID, run); marked || run == "" {
				t.Errorf("the detached program has the mark of run %q", run)
			}
		})
	}
}

func FuzzReadSpared(f *testing.F) {
	f.Add("1 2\n")
	f.Add("\x0112 34\n5 6\n")
	f.Add("1 2 3\nx\n-1 -2\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, id := range readSpared(strings.NewReader(text)) {
			if !strings.Contains(text, " ") {
				t.Errorf("%q gives %v", text, id)
			}
		}
	})
}
