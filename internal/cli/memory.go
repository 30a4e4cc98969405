package cli

import (
	"runtime"
	"runtime/debug"
	"time"
)

// eager lets garbage lie while many services start or stop at once: they need the
// processor more than lhrun the memory. Collecting took a tenth of a start.
//
// A fork keeps one of Go's processors from all else until the child has its program,
// and other calls keep theirs for a while: with as many as there are cores, half of
// the time that readiness was late had passed in here.
func eager(cores int) {
	debug.SetGCPercent(400)
	runtime.GOMAXPROCS(cores + keptByCalls)
}

// keptByCalls are processors of Go's beyond the cores: with four readiness was told no
// sooner, and a start took three parts in a hundred longer.
const keptByCalls = 2

// frugal gives back what a start has needed, once that is over for a moment: two
// thirds of what a run of fifty services held for the rest of its life. The program's
// own pages are given back once: later it runs on little of them.
func frugal(cores int, first bool) {
	debug.SetGCPercent(50)
	runtime.GOMAXPROCS(cores)
	time.AfterFunc(time.Second, func() {
		runtime.GC() // What pools have kept survives the first of two.
		debug.FreeOSMemory()
		if first {
			unmapProgram()
		}
	})
}
