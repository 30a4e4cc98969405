package logs

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

// keptRuns is how many runs are remembered; their logs are mostly gone sooner.
const keptRuns = 100

// largestRuns is in bytes: far more than so many lines have.
const largestRuns = 1 << 20

// run is one run of lhrun. Its number is the second in which it began, or one
// more than its predecessor's, so numbers grow even when the list is lost.
type run struct {
	number uint32
	at     int64 // nanoseconds since 1970
	id     string
}

// NewRun begins a run: what is written from now on belongs to it. id is for
// people, one word.
func (s *Store) NewRun(id string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.writable(); err != nil {
		return err
	}
	runs, sound := s.scanRuns()
	if n := len(runs); n > 0 { // another process's, since Open
		s.run = max(s.run, runs[n-1].number)
	}
	s.run = max(uint32(at.Unix()), s.run+1)
	runs = append(runs, run{s.run, at.UnixNano(), strings.Join(strings.Fields(id), "_")})
	for _, l := range s.logs {
		l.setRun(s.run)
	}
	return s.writeRuns(runs, sound)
}

// writeRuns adds the last of runs to the file. It replaces the file only where something
// is wrong with it, or where it holds twice as much as is kept: replacing makes a start
// wait for the disk ("flat start, 10 services").
func (s *Store) writeRuns(runs []run, sound bool) error {
	path := filepath.Join(s.dir, "runs")
	if sound && len(runs) <= 2*keptRuns && appendTo(path, runs[len(runs)-1].line()) == nil {
		return nil
	}
	for _, name := range []string{path, path + ".new"} {
		if err := s.clearWay(name); err != nil {
			return err
		}
	}
	var b strings.Builder
	for _, r := range runs[max(0, len(runs)-keptRuns):] {
		b.WriteString(r.line())
	}
	return files.Replace(path, []byte(b.String()))
}

func (r run) line() string { return fmt.Sprintf("%d %d %s\n", r.number, r.at, r.id) }

func appendTo(path, text string) error {
	f, err := files.Open(path, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// Runs are the times at which the remembered runs began, oldest first; the last
// one is the current one, or the last that there was.
func (s *Store) Runs() []time.Time {
	var began []time.Time
	for _, r := range s.readRuns() {
		began = append(began, time.Unix(0, r.at))
	}
	return began
}

// LastRun is the number of the current run, or of the last one that there was, as
// in Line.Run; 0 is none. After a clock was set back it is no time.
func (s *Store) LastRun() uint32 {
	runs := s.readRuns()
	if len(runs) == 0 {
		return 0
	}
	return runs[len(runs)-1].number
}

// readRuns returns the remembered runs, oldest first; lines that make no sense
// are passed over.
func (s *Store) readRuns() []run {
	runs, _ := s.scanRuns()
	return runs
}

// scanRuns is readRuns, and says whether there is a file of whole lines that all make
// sense. A crash may have cut off the last one.
func (s *Store) scanRuns() (runs []run, sound bool) {
	data, err := files.Read(filepath.Join(s.dir, "runs"), largestRuns)
	sound = err == nil
	for line := range strings.Lines(string(data)) {
		whole, ended := strings.CutSuffix(line, "\n")
		r, ok := parseRun(whole)
		if ok = ok && ended && (len(runs) == 0 || r.number > runs[len(runs)-1].number); ok {
			runs = append(runs, r)
		}
		sound = sound && ok
	}
	return runs, sound
}

// lastNumber leaves room for those to come: a number beyond it is no second of any run.
const lastNumber = math.MaxUint32 - 1<<20

func parseRun(line string) (run, bool) {
	number, rest, _ := strings.Cut(line, " ")
	at, id, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(number, 10, 32)
	nanos, err1 := strconv.ParseInt(at, 10, 64)
	return run{uint32(n), nanos, id}, err == nil && err1 == nil && n <= lastNumber
}

// runAt is the run that was going on at a time, as far as is known.
func (s *Store) runAt(at int64) uint32 {
	var number uint32
	for _, r := range s.readRuns() {
		if r.at <= at {
			number = r.number
		}
	}
	return number
}

// pickRun finds the run that is back runs before the current one, among the
// remembered ones and those before them that the records name.
func (s *Store) pickRun(back int, recs []record) (number uint32, ok bool) {
	var numbers []uint32
	for _, r := range s.readRuns() {
		numbers = append(numbers, r.number)
	}
	known := len(numbers)
	for i, r := range recs {
		later := known > 0 && r.run > numbers[known-1] // not a run's, then
		if !later && (i == 0 || r.run != recs[i-1].run) {
			numbers = append(numbers, r.run)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	i := len(numbers) - 1 + back
	if i < 0 || i >= len(numbers) {
		return 0, false
	}
	return numbers[i], true
}
