package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/testmount"
	"github.com/lhrun/lhrun/supervisor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func checkout(t testing.TB) *Journal {
	dir := filepath.Join(t.TempDir(), "shop", "main")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return In(dir)
}

// write keeps entries by a writer of their own, as a run does.
func write(t testing.TB, j *Journal, entries ...Entry) {
	t.Helper()
	w := j.Write(func(err error) { t.Error(err) })
	for _, e := range entries {
		w.Append(e)
	}
	w.Close()
}

func begin(id string) Entry { return Entry{Time: time.Now(), Kind: Begin, Run: id} }

func state(service string, s supervisor.State) Entry {
	return Entry{Time: time.Now(), Kind: supervisor.EventState, Service: service, State: s}
}

// all reads what came after c, in the form "1 begin a, 2 api ready"; missed comes first.
func all(t testing.TB, j *Journal, c Cursor) string {
	t.Helper()
	var out []string
	err := j.Read(c, func() error { out = append(out, "missed"); return nil }, func(e Entry) error {
		out = append(out, strings.TrimRight(fmt.Sprintf("%d %s %s%s", e.N, cmpOr(e.Service, string(e.Kind)), e.State, e.Run), " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, ", ")
}

func cmpOr(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func TestTwoRunsAfterAnotherAreOneJournal(t *testing.T) {
	j := checkout(t)
	if got := all(t, j, Cursor{}); got != "" {
		t.Errorf("before the first run: %q", got)
	}
	write(t, j, begin("a"), state("api", supervisor.StateReady))
	write(t, j, begin("b"), state("api", supervisor.StateFailed))
	if got, want := all(t, j, Cursor{}), "1 begin a, 2 api ready, 3 begin b, 4 api failed"; got != want {
		t.Errorf("got %q", got)
	}
	info, err := os.Stat(j.path())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestADamagedEndIsCutAtTheLastWholeLine(t *testing.T) {
	for _, damage := range []string{`{"n":3,"time":"20`, "\x00\x00\x00\n", "{}\n{\"n\":3", strings.Repeat("x", 200<<10)} {
		j := checkout(t)
		write(t, j, begin("a"), state("api", supervisor.StateReady))
		f, err := os.OpenFile(j.path(), os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(damage); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		if got, want := all(t, j, Cursor{}), "1 begin a, 2 api ready"; got != want {
			t.Errorf("%.20q: read %q", damage, got)
		}
		write(t, j, begin("b"))
		data, _ := os.ReadFile(j.path())
		if got, want := all(t, j, Cursor{}), "1 begin a, 2 api ready, 3 begin b"; got != want || bytes.Count(data, []byte{'\n'}) != 3 {
			t.Errorf("%.20q: got %q in %d bytes", damage, got, len(data))
		}
	}
}

func TestTheOldestRunsGoFirst(t *testing.T) {
	j := checkout(t)
	j.max = 20 << 10
	for run := range 12 {
		write(t, j, begin(fmt.Sprint("run", run)))
		for range 4 {
			long := state("api", supervisor.StateReady)
			long.Text = strings.Repeat("x", 600)
			write(t, j, long)
		}
		info, err := os.Stat(j.path())
		if err != nil || info.Size() > j.max {
			t.Fatalf("after run %d: %v, %v", run, info.Size(), err)
		}
	}
	got := all(t, j, Cursor{})
	if first, _, _ := strings.Cut(got, ", "); !strings.HasPrefix(got, first) || !strings.Contains(first, "begin run") {
		t.Errorf("it does not begin with a run: %q", first)
	}
	if !strings.HasSuffix(got, "56 begin run11, 57 api ready, 58 api ready, 59 api ready, 60 api ready") {
		t.Errorf("got %q", got)
	}
	// One run alone keeps its beginning and the newest.
	for range 100 {
		long := state("api", supervisor.StateReady)
		long.Text = strings.Repeat("y", 600)
		write(t, j, long)
	}
	if got := all(t, j, Cursor{}); !strings.HasPrefix(got, "56 begin run11, 1") || !strings.HasSuffix(got, "160 api ready") {
		t.Errorf("got %.60q", got)
	}
}

func TestACursorBoundsWhatCameAfterIt(t *testing.T) {
	j := checkout(t)
	write(t, j, begin("a"), state("api", supervisor.StateStarting), state("api", supervisor.StateReady))
	var cursors []Cursor
	_ = j.Read(Cursor{}, nil, func(e Entry) error { cursors = append(cursors, e.Cursor()); return nil })
	word := j.Word(cursors[1])
	c, err := j.Parse(word)
	if err != nil || c.N != 2 || !c.At.Equal(cursors[1].At) || !LooksLikeCursor(word) {
		t.Fatalf("%q is %v, %v", word, c, err)
	}
	if got := all(t, j, c); got != "3 api ready" {
		t.Errorf("got %q", got)
	}
	for _, no := range []string{"10m", "yesterday", "15:04", "", "c", "2006-01-02"} {
		if LooksLikeCursor(no) {
			t.Errorf("%q looks like a cursor", no)
		}
	}
}

func TestACursorThatIsNotHeldIsMissed(t *testing.T) {
	j := checkout(t)
	write(t, j, begin("a"), state("api", supervisor.StateReady))
	old, _ := j.Newest()
	if err := os.Remove(j.path()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, j, old.Cursor()); got != "missed" {
		t.Errorf("without a journal: %q", got)
	}
	write(t, j, begin("b"))
	if got := all(t, j, old.Cursor()); got != "missed, 1 begin b" {
		t.Errorf("after a journal was lost: %q", got)
	}
	write(t, j, state("api", supervisor.StateReady), state("api", supervisor.StateStopped))
	if got := all(t, j, old.Cursor()); got != "missed, 3 api stopped" || j.Holds(old.Cursor()) {
		t.Errorf("with as many entries: %q", got)
	}
}

func TestAForeignCursorNamesTheNewestOne(t *testing.T) {
	j, other := checkout(t), In(filepath.Join(t.TempDir(), "shop", "feature"))
	_, err := j.Parse("c123")
	if foreign, ok := errors.AsType[*ForeignError](err); !ok || foreign.Newest != "" {
		t.Errorf("without a journal: %v", err)
	}
	write(t, j, begin("a"))
	newest, _ := j.Newest()
	for _, word := range []string{other.Word(newest.Cursor()), j.Word(newest.Cursor())[:9], "10m", j.Word(newest.Cursor()) + "0"} {
		_, err := j.Parse(word)
		foreign, ok := errors.AsType[*ForeignError](err)
		if !ok || foreign.Newest != j.Word(newest.Cursor()) {
			t.Errorf("%q: %v", word, err)
		}
	}
}

func TestFollowGoesOnWithLaterRunsAndALostFile(t *testing.T) {
	j := checkout(t)
	j.max = 8 << 10
	write(t, j, begin("a"))
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	go func() {
		for run := range 30 { // With replacements of the file by a shorter one.
			long := state("api", supervisor.StateReady)
			long.Text = strings.Repeat("x", 600)
			write(t, j, begin(fmt.Sprint(run)), long)
		}
		time.Sleep(500 * time.Millisecond)
		_ = os.Remove(j.path())
		write(t, j, begin("again"))
	}()
	last, runs := "", 0
	err := j.Follow(ctx, Cursor{N: 1}, func(e Entry) error {
		if e.Kind == Begin {
			last = e.Run
			runs++
		}
		if last == "again" {
			stop()
		}
		return nil
	})
	if err != nil || last != "again" || runs < 5 {
		t.Errorf("%v, the last run that it told of is %q of %d", err, last, runs)
	}
}

func TestAFullDiskAndAReadOnlyOneAreTold(t *testing.T) {
	j := checkout(t)
	testmount.Small(t, j.dir)
	write(t, j, begin("a"))
	ballast := filepath.Join(j.dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 2<<20), 0o600)
	var told []error
	done := make(chan struct{})
	w := j.Write(func(err error) { told = append(told, err); close(done) })
	for range 300 {
		w.Append(state("api", supervisor.StateReady))
	}
	<-done
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	w.Append(state("api", supervisor.StateFailed))
	w.Close()
	got := all(t, j, Cursor{})
	if len(told) != 1 || !strings.HasPrefix(got, "1 begin a, 2 ") || !strings.Contains(got, "missed") || !strings.Contains(got, "api failed") {
		t.Errorf("told %v, got %q", told, got)
	}
	testmount.ReadOnly(t, j.dir)
	told, done = nil, make(chan struct{})
	w = j.Write(func(err error) { told = append(told, err); close(done) })
	w.Append(begin("b"))
	w.Close()
	if len(told) != 1 || !files.IsReadOnly(told[0]) || all(t, j, Cursor{}) != got {
		t.Errorf("told %v", told)
	}
}

func TestALinkInThePlaceOfTheJournalIsNotFollowed(t *testing.T) {
	j := checkout(t)
	target := filepath.Join(t.TempDir(), "precious")
	_ = os.WriteFile(target, []byte("precious"), 0o644)
	if err := os.Symlink(target, j.path()); err != nil {
		t.Fatal(err)
	}
	write(t, j, begin("a"))
	if data, _ := os.ReadFile(target); string(data) != "precious" {
		t.Errorf("it wrote %q", data)
	}
	if got := all(t, j, Cursor{}); got != "1 begin a" {
		t.Errorf("got %q", got)
	}
}

// TestAppendWaitsForNoDisk: what does not fit in memory is dropped, and told.
func TestAppendWaitsForNoDisk(t *testing.T) {
	w := &Writer{journal: checkout(t), failed: func(err error) { t.Error(err) }, more: make(chan struct{}, 1)}
	for range mostWaiting + 5 {
		w.Append(state("api", supervisor.StateReady))
	}
	w.flush()
	_ = w.f.Close()
	newest, _ := w.journal.Newest()
	if newest.Kind != Missed || !strings.HasPrefix(newest.Text, "5 events") || newest.N != mostWaiting+1 {
		t.Errorf("the last one is %+v", newest)
	}
}

// FuzzJournal reads, follows on and writes behind whatever is in the file.
func FuzzJournal(f *testing.F) {
	sound := append(encode(Entry{N: 1, Time: time.Unix(1, 0), Kind: Begin, Run: "a"}), encode(Entry{N: 2, Time: time.Unix(2, 0), Kind: "state", Service: "api", State: "ready"})...)
	f.Add(sound, uint64(1))
	f.Add(sound[:len(sound)-9], uint64(0))
	f.Add([]byte("{\"n\":18446744073709551615,\"time\":\"2026-01-01T00:00:00Z\",\"kind\":\"end\"}\n"), uint64(3))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte, n uint64) {
		j := &Journal{dir: dir, max: 4 << 10}
		if err := os.WriteFile(j.path(), data, 0o600); err != nil {
			t.Fatal(err)
		}
		read := func() (last Entry) {
			err := j.Read(Cursor{n, time.Now()}, func() error { return nil }, func(e Entry) error {
				if e.N <= last.N {
					t.Fatalf("entry %d follows %d", e.N, last.N)
				}
				last = e
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return last
		}
		read()
		w := &Writer{journal: j}
		for range 3 {
			if err := w.open(); err != nil {
				t.Fatal(err)
			}
			if err := w.write([]Entry{{Time: time.Now(), Kind: Begin, Run: "new"}, {Time: time.Now(), Kind: End}}); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.f.Close()
		n = 0
		if last := read(); last.Kind != End || last.N == lastNumbered {
			t.Fatalf("the last entry is %+v", last)
		}
		if _, err := j.Parse(string(data)); err == nil && !bytes.HasPrefix(data, []byte(mark)) {
			t.Fatalf("%q is a cursor", data)
		}
	})
}

func BenchmarkReadTheLastThousandOfAFullJournal(b *testing.B) {
	j := checkout(b)
	var data []byte
	var from Cursor
	for n := uint64(1); int64(len(data)) < MaxSize-1000; n++ {
		e := state("service-with-a-name", supervisor.StateReady)
		e.N, e.By, e.PID = n, &supervisor.By{Who: supervisor.ByProcess, PID: 4711, Command: "lhrun restart api"}, 12345
		from = e.Cursor()
		data = append(data, encode(e)...)
	}
	if err := os.WriteFile(j.path(), data, 0o600); err != nil {
		b.Fatal(err)
	}
	from.N -= 1000
	for b.Loop() {
		n := 0
		_ = j.Read(from, func() error { b.Fatal("missed"); return nil }, func(Entry) error { n++; return nil })
		if n != 1000 {
			b.Fatal(n)
		}
	}
}
