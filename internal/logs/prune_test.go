package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// staleLog makes the log of a service that was last written to so long ago.
func staleLog(t *testing.T, dir, service string, ago time.Duration, size int64) {
	t.Helper()
	for _, name := range []string{service + ".log", service + ".idx", segmentName(service, 0) + ".log", segmentName(service, 0) + ".idx"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".log") {
			if err := os.Truncate(path, size/2); err != nil {
				t.Fatal(err)
			}
		}
		at := time.Now().Add(-ago)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func pruned(t *testing.T, s *Store, present ...string) string {
	t.Helper()
	removed, err := s.Prune(present)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range removed {
		names = append(names, r.Service)
	}
	return strings.Join(names, " ")
}

func TestLogsOfServicesThatAreGoneAreRemovedInTheEnd(t *testing.T) {
	const day = 24 * time.Hour
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	for _, name := range []string{"api", "gone", Self} {
		staleLog(t, dir, name, 100*day, 1000)
	}
	staleLog(t, dir, "left", 3*day, 1000)
	write(t, filepath.Join(dir, "notes.txt"), "a stranger")
	newRun(t, s, "run", time.Now().Add(-90*day))
	if got := pruned(t, s, "api"); got != "" {
		t.Errorf("after one run: removed %q", got)
	}
	for i := range staleRuns {
		newRun(t, s, fmt.Sprint(i), time.Now().Add(-80*day+time.Duration(i)*time.Second))
	}
	if stale, err := s.Stale([]string{"api"}); err != nil || len(stale) != 2 || stale[0].Service != "left" || stale[1].Bytes != 1000 {
		t.Errorf("%+v, %v", stale, err)
	}
	if got := pruned(t, s, "api"); got != "gone" {
		t.Errorf("after many runs: removed %q", got)
	}
	if got := pruned(t, s, "api"); got != "" {
		t.Errorf("again: removed %q", got)
	}
	names, _ := s.names()
	want := "0000000000000000.idx"
	if text := strings.Join(names, " "); strings.Contains(text, "gone") || !strings.Contains(text, "api."+want) || !strings.Contains(text, "notes.txt") || !strings.Contains(text, "lhrun.log") {
		t.Errorf("left are %s", text)
	}
}

// Twenty runs may be those of one morning.
func TestLogsOfThisWeekAreKeptHoweverManyRunsThereWere(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	staleLog(t, dir, "gone", time.Hour, 1000)
	for i := range 3 * staleRuns {
		newRun(t, s, fmt.Sprint(i), time.Now())
	}
	if got := pruned(t, s); got != "" {
		t.Errorf("removed %q", got)
	}
}

func TestLogsOfServicesThatAreGoneAreBoundedTogether(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	newRun(t, s, "run", noon)
	for i := range 12 {
		staleLog(t, dir, fmt.Sprintf("gone%02d", i), time.Duration(i)*time.Minute, 10<<20)
	}
	if got := pruned(t, s); got != "gone10 gone11" {
		t.Errorf("removed %q", got)
	}
}

func TestALogThatIsWrittenIsNotPruned(t *testing.T) {
	dir := t.TempDir()
	staleLog(t, dir, "gone", 100*24*time.Hour, 1000)
	s := openStore(t, dir, StoreOptions{})
	for i := range 2 * staleRuns {
		newRun(t, s, fmt.Sprint(i), time.Now().AddDate(0, 0, -80))
	}
	if _, err := s.Log("gone"); err != nil {
		t.Fatal(err)
	}
	if got := pruned(t, s); got != "" {
		t.Errorf("removed %q", got)
	}
	staleLog(t, dir, "other", 100*24*time.Hour, 1000)
	other := openStore(t, dir, StoreOptions{})
	if _, err := other.Prune(nil); err == nil {
		t.Error("pruned though another writes there")
	}
}
