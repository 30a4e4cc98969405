package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// sweepPatience is how long what a killed run has left may take to end by itself.
const sweepPatience = 2 * time.Second

// Sweep ends what a killed run of the checkout has left, and says what it was, without
// the project's secrets. It returns a RunningError while another process has the checkout.
func (l Locate) Sweep(c ports.Checkout) (told []string, err error) {
	ever, err := exists(c)
	if err != nil || !ever {
		return nil, err
	}
	i, err := claim(c)
	if err != nil {
		return nil, err
	}
	told = i.sweep(l.lateMasker())
	return told, i.release()
}

// sweep ends what a killed run has left, and says what it was in lines for people.
// It knows a process by pid and start time, by the mark of that run in its
// environment, or by the pipe that it writes to.
func (i *Instance) sweep(m mask.Masker) (told []string) {
	rec, err := i.record()
	if err != nil {
		return nil // None, or garbled by a crash: there is nothing to go by.
	}
	ended, still := supervisor.EndLeftovers(rec.CrashRecord, sweepPatience)
	ended = append(i.ended, ended...)
	i.recordCrash(rec, len(ended))
	for _, l := range sortLeft(ended) {
		told = append(told, fmt.Sprintf("ended %s, left by a run that was killed", describeLeft(l, m)))
	}
	for _, l := range sortLeft(still) {
		told = append(told, fmt.Sprintf("cannot end %s, left by a run that was killed: it survives SIGKILL", describeLeft(l, m)))
	}
	return told
}

func sortLeft(all []supervisor.Leftover) []supervisor.Leftover {
	slices.SortFunc(all, func(a, b supervisor.Leftover) int { return a.PID - b.PID })
	return all
}

// describeLeft names a process in one short line: commands can be pages long. It masks
// before it cuts, as half a secret is not recognised any more.
func describeLeft(l supervisor.Leftover, m mask.Masker) string {
	const most = 60
	text := fmt.Sprintf("pid %d", l.PID)
	if l.Service != "" {
		text += " of " + l.Service
	}
	command := []rune(oneLine(m.Text(l.Command)))
	if len(command) > most {
		command = append(command[:most-1], '…')
	}
	if len(command) == 0 {
		return text
	}
	return text + " (" + string(command) + ")"
}

// oneLine makes text from outside fit for a line of lhrun's own.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
}

// recordCrash leaves word of the crash as the last line of the run that was killed.
// It may fail: then less is known later.
func (i *Instance) recordCrash(rec record, ended int) {
	killed, by := "was killed", "its guard has ended its services"
	if rec.Guard.PID != os.Getpid() {
		killed, by = "and its guard were killed", "the next lhrun has found nothing that they left"
		if ended > 0 {
			by = fmt.Sprintf("the next lhrun has ended %s that they left", words.Plural(ended, "process"))
		}
	}
	text := fmt.Sprintf("lhrun (pid %d) %s; %s", rec.Supervisor.PID, killed, by)
	i.Journal().Crashed(rec.Run, text)
	keepLines(i.LogDir(), logs.DefaultMaxSize, ownLine{time.Now(), text})
}

// RecordCrash takes away the record of the run whose guard this process is, and
// leaves word of its crash. The guard calls it when the run was killed.
func RecordCrash() {
	guard := supervisor.Process(proc.Self())
	for _, path := range recordPaths() {
		rec, err := readRecord(path)
		if err != nil || rec.Guard != guard || rec.Supervisor.Alive() {
			continue
		}
		i := &Instance{dir: filepath.Dir(path)}
		for limit := time.Now().Add(time.Second); ; time.Sleep(time.Millisecond) {
			// Another verb has the lock for an instant, to see whether this guard is done.
			if i.lock, err = i.takeLock(); !errors.Is(err, files.ErrLocked) || time.Now().After(limit) {
				break
			}
		}
		if err != nil {
			continue // Somebody else does it.
		}
		i.sweep(mask.Masker{})
		_ = i.release()
	}
}
