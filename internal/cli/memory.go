package cli

import (
	"runtime"
	"runtime/debug"
	"time"
)

// eager lets garbage lie while many services start or stop at once: they need the
// processor more than lhrun the memory. Collecting took a tenth of a start.
func eager() { debug.SetGCPercent(400) }

// frugal gives back what a start has needed, once that is over for a moment: two
// thirds of what a run of fifty services held for the rest of its life. The program's
// own pages are given back once: later it runs on little of them.
func frugal(first bool) {
	debug.SetGCPercent(50)
	time.AfterFunc(time.Second, func() {
		runtime.GC() // What pools have kept survives the first of two.
		debug.FreeOSMemory()
		if first {
			unmapProgram()
		}
	})
}
