package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheListOfRunsIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	for i := range 5 * keptRuns {
		newRun(t, s, "run", noon.Add(time.Duration(i)*time.Minute))
		data, err := os.ReadFile(filepath.Join(dir, "runs"))
		if lines := strings.Count(string(data), "\n"); err != nil || lines > 2*keptRuns || lines < min(i+1, keptRuns) {
			t.Fatalf("%d lines after %d runs (%v)", lines, i+1, err)
		}
	}
	if runs := s.Runs(); !runs[len(runs)-1].Equal(noon.Add((5*keptRuns - 1) * time.Minute)) {
		t.Errorf("the last run was at %s", runs[len(runs)-1])
	}
}

// A crash of the machine may leave any part of the last line.
func TestARunIsRememberedAfterOneThatWasCutOff(t *testing.T) {
	whole := fmt.Sprintf("%d %d two\n", noon.Unix()+1, noon.UnixNano()+1e9)
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		s := openStore(t, dir, StoreOptions{})
		newRun(t, s, "one", noon)
		path := filepath.Join(dir, "runs")
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, string(before)+whole[:cut])
		newRun(t, s, "three", noon.Add(time.Minute))
		runs := s.Runs()
		if len(runs) < 2 || !runs[0].Equal(noon) || !runs[len(runs)-1].Equal(noon.Add(time.Minute)) {
			t.Errorf("cut after %d bytes: %v", cut, runs)
		}
	}
}

// Whatever the list holds, the next run is remembered, after those that make sense.
func FuzzRuns(f *testing.F) {
	f.Add([]byte("1700000000 1700000000000000000 one\n1700000001 1700000001000000000 two\n"))
	f.Add([]byte("4294967295 1 x\n"))
	f.Add([]byte("1700000000 1700000000000000000 one\n1700000001 17000"))
	f.Add([]byte("\n\n1 1\n\x00 2 2\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, list []byte) {
		write(t, filepath.Join(dir, "runs"), string(list))
		s, err := Open(dir, StoreOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		before := s.Runs()
		at := noon.Add(time.Hour)
		if err := s.NewRun("next", at); err != nil {
			t.Fatal(err)
		}
		after := s.Runs()
		if len(after) != min(len(before)+1, max(keptRuns, len(after))) || !after[len(after)-1].Equal(at) || s.LastRun() == 0 {
			t.Errorf("%d runs became %d, the last at %s", len(before), len(after), after[len(after)-1])
		}
	})
}
