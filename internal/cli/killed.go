package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/proc"
)

// bury leaves, as the last line of a run that was killed, that it was. Where the disk
// does not take it, less is known later.
func (i *instance) bury(rec record, ended int) {
	killed, by := "was killed", "its guard has ended its services"
	if rec.Guard.PID != os.Getpid() {
		killed, by = "and its guard were killed", "the next lhrun has found nothing that they left"
		if ended > 0 {
			by = fmt.Sprintf("the next lhrun has ended %s that they left", plural(ended, "process"))
		}
	}
	text := fmt.Sprintf("lhrun (pid %d) %s; %s", rec.Supervisor.PID, killed, by)
	keepLines(i.logs(), logs.DefaultMaxSize, ownLine{time.Now(), text})
}

// mournedBy is what the guard of a run does at its end: where the run was killed, it
// leaves word of that, and takes the run's record away.
func mournedBy(guard proc.ID, code int) {
	if code != exitUsage && code <= 128 || code == exitInterrupted { // 2 is a panic's, too.
		return
	}
	for _, path := range recordPaths() {
		rec, err := readRecord(path)
		if err != nil || proc.ID(rec.Guard) != guard || rec.Supervisor.Alive() {
			continue
		}
		i := &instance{dir: filepath.Dir(path)}
		if i.lock, err = lockFile(i.lockPath()); err != nil {
			continue // Somebody else does it.
		}
		i.sweep()
		_ = i.release()
	}
}
