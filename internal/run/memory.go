package run

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
)

// Busy lets garbage lie while many services start or stop at once: they need the
// processor more than lhrun the memory. Collecting took a tenth of a start.
func (s *Session) Busy() { debug.SetGCPercent(400) }

// Calm gives back what a start has needed, once that is over for a moment: two
// thirds of what a run of fifty services held for the rest of its life. The first
// call gives the program's own pages back too: later it runs on few of them.
func (s *Session) Calm() {
	first := !s.calmed
	s.calmed = true
	debug.SetGCPercent(50)
	time.AfterFunc(time.Second, func() {
		runtime.GC() // What pools have kept survives the first of two.
		debug.FreeOSMemory()
		if first {
			// Stacks that this has made smaller grow again, and that takes pages too.
			time.AfterFunc(time.Second, proc.ReleaseProgram)
		}
	})
}
