package logs

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// keptRuns is how many runs are remembered; their logs are mostly gone sooner.
const keptRuns = 100

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
	runs := s.readRuns()
	if n := len(runs); n > 0 { // another process's, since Open
		s.run = max(s.run, runs[n-1].number)
	}
	s.run = max(uint32(at.Unix()), s.run+1)
	runs = append(runs, run{s.run, at.UnixNano(), id})
	for _, l := range s.logs {
		l.setRun(s.run)
	}
	var b bytes.Buffer
	for _, r := range runs[max(0, len(runs)-keptRuns):] {
		fmt.Fprintf(&b, "%d %d %s\n", r.number, r.at, strings.Join(strings.Fields(r.id), "_"))
	}
	return replaceFile(filepath.Join(s.dir, "runs"), b.Bytes())
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
	f, err := openPlain(filepath.Join(s.dir, "runs"), os.O_RDONLY)
	if err != nil {
		return nil
	}
	defer f.Close()
	var runs []run
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r run
		n, _ := fmt.Sscanf(lines.Text(), "%d %d %s", &r.number, &r.at, &r.id)
		if n >= 2 && (len(runs) == 0 || r.number > runs[len(runs)-1].number) {
			runs = append(runs, r)
		}
	}
	return runs
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

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte) error {
	tmp := path + ".tmp"
	_ = os.Remove(tmp)
	f, err := openPlain(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
	}
	return err
}
