package logs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func dirSize(t testing.TB, dir string) (n int64) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range paths {
		if info, err := os.Lstat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}

func newRun(t testing.TB, s *Store, id string, at time.Time) {
	t.Helper()
	if err := s.NewRun(id, at); err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, l *Log, at time.Time, text string) {
	t.Helper()
	if err := l.append(at, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func equal(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheLogIsTheBytesAsWritten(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	st := NewStream(StreamOptions{Service: "api", Log: openLog(t, s, "api")})
	r, w := pipe(t)
	defer r.Close()
	done := start(st, r)
	const text = "one\r\n\x1b[31mred\n\n\xff\x00 last"
	fmt.Fprint(w, text)
	eventually(t, "the bytes on disk", func() bool { // before their line has ended
		raw, _ := os.ReadFile(filepath.Join(dir, "api.log"))
		return string(raw) == text
	})
	_ = w.Close()
	<-done
	equal(t, readAll(t, s, "api", Query{}), "one", "\x1b[31mred", "", "\xff\x00 last")
}

func TestOnlyTheUserCanRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "logs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "api.log"), "old\n")
	if err := os.Chmod(filepath.Join(dir, "api.log"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir, StoreOptions{})
	newRun(t, s, "x", noon)
	add(t, openLog(t, s, "api"), noon, "text\n")
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v", info.Mode())
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", e.Name(), info.Mode())
		}
	}
}

func TestNothingIsWrittenThroughALink(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	write(t, other, "precious\n")
	if err := os.Symlink(other, filepath.Join(dir, "api.log")); err != nil {
		t.Skip(err)
	}
	var notes []string
	s := openStore(t, dir, StoreOptions{Note: func(text string) { notes = append(notes, text) }})
	add(t, openLog(t, s, "api"), noon, "text\n")
	if raw, _ := os.ReadFile(other); string(raw) != "precious\n" {
		t.Errorf("the link's target is now %q", raw)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "api.log") {
		t.Errorf("told %q", notes)
	}
	equal(t, readAll(t, s, "api", Query{}), "text")
}

func TestOneWriterADirectory(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	openLog(t, s, "api")
	other := openStore(t, dir, StoreOptions{})
	if _, err := other.Log("api"); err == nil || other.NewRun("x", noon) == nil {
		t.Error("two writers")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openLog(t, other, "api")
}

func TestNamesThatAreNoServicesAreRefused(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	for _, name := range []string{"", "../x", "a.b", "-a", "a/b", "a b"} {
		if _, err := s.Log(name); err == nil {
			t.Errorf("%q was taken", name)
		}
	}
}

func TestTheStoreIsBounded(t *testing.T) {
	const limit = 256 << 10
	for _, size := range []int{1, 100, 5000, 64 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			dir := t.TempDir()
			s := openStore(t, dir, StoreOptions{MaxSize: limit})
			l := openLog(t, s, "api")
			at := noon
			n := max(50, 4*limit/(size+recordSize))
			text := strings.Repeat("x", size)
			for i := range n {
				at = at.Add(2 * time.Millisecond) // each write has a time of its own
				add(t, l, at, fmt.Sprintf("%06d %s", i, text)[:max(size, 8)-1]+"\n")
				if i%(n/50) == 0 {
					if used := dirSize(t, dir); used > limit {
						t.Fatalf("%d bytes on disk after %d lines", used, i)
					}
				}
			}
			if used := dirSize(t, dir); used < limit/2 {
				t.Errorf("only %d bytes are kept", used)
			}
			got := readAll(t, s, "api", Query{})
			for i, line := range got {
				if want := fmt.Sprintf("%06d ", n-len(got)+i); !strings.HasPrefix(line, want) {
					t.Fatalf("line %d is %.20q, want %q: torn, or not the newest", i, line, want)
				}
			}
		})
	}
}

func TestTheOldestLineKeptIsNeverTorn(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{MaxSize: minMaxSize})
	l := openLog(t, s, "api")
	for i := range 20_000 { // every line in two writes
		add(t, l, noon, fmt.Sprintf("line %d", i))
		add(t, l, noon, " end\n")
	}
	for _, line := range readAll(t, s, "api", Query{}) {
		if !strings.HasPrefix(line, "line ") || !strings.HasSuffix(line, " end") {
			t.Fatalf("torn: %q", line)
		}
	}
}

func TestASmallerBoundIsKeptAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{MaxSize: 4 << 20})
	l := openLog(t, s, "api")
	for range 100 {
		add(t, l, noon, strings.Repeat("text\n", 10_000))
	}
	_ = s.Close()
	s = openStore(t, dir, StoreOptions{MaxSize: 128 << 10})
	l = openLog(t, s, "api")
	if used := dirSize(t, dir); used > 128<<10 {
		t.Errorf("%d bytes on disk", used)
	}
	add(t, l, noon, "new\n")
	got := readAll(t, s, "api", Query{})
	equal(t, got[len(got)-1:], "new")
}

func TestLogsOutliveRestartsAndTellRunsApart(t *testing.T) {
	dir := t.TempDir()
	for i, text := range []string{"first\n", "second, unfinished", "third\n"} {
		s := openStore(t, dir, StoreOptions{})
		newRun(t, s, fmt.Sprint("id", i), noon.Add(time.Duration(i)*time.Minute))
		st := NewStream(StreamOptions{Service: "api", Log: openLog(t, s, "api")})
		st.Begin(noon)
		st.note()
		add(t, openLog(t, s, "api"), noon, text)
		_ = s.Close()
	}
	s := openStore(t, dir, StoreOptions{}) // only reads
	equal(t, readAll(t, s, "api", Query{}), "third")
	equal(t, readAll(t, s, "api", Query{Run: -1}), "second, unfinished")
	equal(t, readAll(t, s, "api", Query{Run: -2}), "first")
	equal(t, readAll(t, s, "api", Query{Run: -3}))
	equal(t, readAll(t, s, "api", Query{Run: 1}))
	equal(t, readAll(t, s, "api", Query{All: true}), "first", "second, unfinished", "third")
	newRun(t, s, "quiet", noon.Add(time.Hour))
	equal(t, readAll(t, s, "api", Query{}))
	equal(t, readAll(t, s, "api", Query{Run: -1}), "third")
	equal(t, readAll(t, s, "unknown", Query{}))
	stale := openStore(t, dir, StoreOptions{})
	newRun(t, s, "loud", noon)
	add(t, openLog(t, s, "api"), noon, "loud\n")
	_ = s.Close()
	newRun(t, stale, "next", noon)
	equal(t, readAll(t, stale, "api", Query{Run: -1}), "loud")
}

func TestRunsAreToldApartThoughTheirListIsLost(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	l := openLog(t, s, "api")
	for _, id := range []string{"one", "two", "three"} { // within a second
		newRun(t, s, id, noon)
		add(t, l, noon, id+"\n")
	}
	write(t, filepath.Join(dir, "runs"), "\x00garbage\n9 x\n")
	equal(t, readAll(t, s, "api", Query{Run: -1}), "two")
	newRun(t, s, "four", noon)
	add(t, l, noon, "four\n")
	equal(t, readAll(t, s, "api", Query{}), "four")
	equal(t, readAll(t, s, "api", Query{Run: -1}), "three")
}

func TestAnAttemptBeginsOnALineOfItsOwn(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	l := openLog(t, s, "api")
	st := NewStream(StreamOptions{Service: "api", Log: l})
	add(t, l, noon, "panic: no newline")
	for range 2 {
		st.Begin(noon)
		st.note()
	}
	add(t, l, noon, "again\n")
	equal(t, readAll(t, s, "api", Query{}), "panic: no newline", "again")
}

func TestSinceUntilLastAndMatch(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	l := openLog(t, s, "api")
	newRun(t, s, "run", noon)
	for i := range 10 {
		at := noon.Add(time.Duration(i) * time.Second)
		add(t, l, at, fmt.Sprintf("line %d ", i))
		add(t, l, at.Add(100*time.Millisecond), "ends\n")
	}
	after := func(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }
	even := NewPattern(regexp.MustCompile(`^line [02468] ends$`))
	for _, tt := range []struct {
		q    Query
		want string
	}{
		{Query{}, "0123456789"},
		{Query{Last: 3}, "789"},
		{Query{Last: 300}, "0123456789"},
		{Query{Since: after(7.05)}, "789"},
		{Query{Since: after(7.1)}, "789"},
		{Query{Since: after(7.2)}, "89"},
		{Query{Until: after(2.05)}, "01"},
		{Query{Until: after(2.1)}, "012"},
		{Query{Since: after(2.5), Until: after(6)}, "345"},
		{Query{Since: after(2.5), Until: after(6), Last: 1}, "5"},
		{Query{Grep: even, Last: 2}, "68"},
		{Query{Since: after(100)}, ""},
		{Query{Until: after(-100)}, ""},
		{Query{Since: after(3), All: true}, "3456789"},
	} {
		got := ""
		for _, line := range readAll(t, s, "api", tt.q) {
			if !strings.HasSuffix(line, " ends") {
				t.Errorf("torn: %q", line)
			}
			got += line[5:6]
		}
		if got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.q, got, tt.want)
		}
	}
	_, _ = readOne(s, "api", Query{Last: 1}, func(at time.Time, _ []byte) error {
		if !at.Equal(after(9.1)) {
			t.Errorf("the last line is of %v", at)
		}
		return nil
	})
}

func TestMergeStopsWithItsCallersError(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	add(t, openLog(t, s, "api"), noon, "one\ntwo\n")
	stop := errors.New("enough")
	at, err := readOne(s, "api", Query{}, func(time.Time, []byte) error { return stop })
	if at != 4 || !errors.Is(err, stop) {
		t.Errorf("got %d, %v", at, err)
	}
}

func TestMergeIsByTimeAndKeepsEachServicesOrder(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	for i := range 30 {
		name := []string{"a", "b", "c"}[i%3]
		add(t, openLog(t, s, name), noon.Add(time.Duration(i)*time.Second), fmt.Sprintf("%s %d\n", name, i))
	}
	add(t, openLog(t, s, "b"), noon.Add(time.Hour), "open")
	var got []string
	cursors, err := s.Merge([]string{"a", "b", "c", "none"}, Query{Last: 2, Whole: true}, func(service string, l Line) error {
		got = append(got, string(l.Text))
		if l.Run != s.run {
			t.Errorf("%s: %q is of run %d, not %d", service, l.Text, l.Run, s.run)
		}
		return nil
	})
	equal(t, got, "a 24", "b 25", "c 26", "a 27", "b 28", "c 29")
	if err != nil || len(cursors) != 4 || cursors["b"] != Cursor(len("b 1\nb 4\nb 7\n")+7*len("b 10\n")) {
		t.Errorf("cursors %v, %v", cursors, err)
	}
	names, err := s.Services()
	equal(t, names, "a", "b", "c")
	if err != nil {
		t.Error(err)
	}
}

// garble fills a store, lets damage spoil its files and returns it reopened.
func garble(t *testing.T, damage func(dir string)) (s *Store, notes []string) {
	t.Helper()
	dir := t.TempDir()
	s = openStore(t, dir, StoreOptions{})
	newRun(t, s, "one", noon)
	l := openLog(t, s, "api")
	for i := range 10 {
		add(t, l, noon.Add(time.Duration(i)*time.Second), fmt.Sprintf("line %d\n", i))
	}
	_ = s.Close()
	damage(dir)
	s = openStore(t, dir, StoreOptions{Note: func(text string) { notes = append(notes, text) }})
	readAll(t, s, "api", Query{All: true}) // before it is healed
	openLog(t, s, "api")
	return s, notes
}

func TestADamagedIndexIsHealedAndTold(t *testing.T) {
	spoil := func(f func(idx []byte) []byte) func(string) {
		return func(dir string) {
			path := filepath.Join(dir, "api.idx")
			idx, _ := os.ReadFile(path)
			write(t, path, string(f(idx)))
		}
	}
	for _, tt := range []struct {
		name   string
		damage func(dir string)
		kept   int // lines of which the time is known still
	}{
		{"cut in a record", spoil(func(b []byte) []byte { return b[:len(b)-5] }), 9},
		{"emptied", spoil(func([]byte) []byte { return nil }), 0},
		{"removed", func(dir string) { _ = os.Remove(filepath.Join(dir, "api.idx")) }, 0},
		{"a bit", spoil(func(b []byte) []byte { b[3*recordSize+9]++; return b }), 9},
		{"its first record", spoil(func(b []byte) []byte { b[3]++; return b }), 9},
		{"a hole", spoil(func(b []byte) []byte { clear(b[2*recordSize : 5*recordSize]); return b }), 7},
		{"text", spoil(func([]byte) []byte { return []byte(strings.Repeat("text\n", 100)) }), 0},
		{"twice", spoil(func(b []byte) []byte { return append(b, b...) }), 10},
		{"a hole of 8 GB behind", func(dir string) { _ = os.Truncate(filepath.Join(dir, "api.idx"), 8<<30) }, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, notes := garble(t, tt.damage)
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 100 {
				t.Errorf("it took %d MB", mb)
			}
			if len(notes) != 1 || !strings.Contains(notes[0], "api.log") {
				t.Errorf("told %q", notes)
			}
			known := 0
			var got []string
			_, _ = readOne(s, "api", Query{All: true}, func(at time.Time, line []byte) error {
				if at.Equal(noon.Add(time.Duration(len(got)) * time.Second)) {
					known++
				}
				got = append(got, string(line))
				return nil
			})
			if len(got) != 10 || got[0] != "line 0" || got[9] != "line 9" || known < tt.kept {
				t.Errorf("got %q, %d times of %d", got, known, tt.kept)
			}
			add(t, openLog(t, s, "api"), noon.Add(time.Hour), "new\n")
			_ = s.Close()
			var again []string
			s = openStore(t, s.dir, StoreOptions{Note: func(text string) { again = append(again, text) }})
			openLog(t, s, "api")
			if got := readAll(t, s, "api", Query{All: true}); len(got) != 11 || got[10] != "new" || again != nil {
				t.Errorf("after reopening: %q, told %q", got, again)
			}
		})
	}
}

func TestACutLogIsHealedAndTold(t *testing.T) {
	s, notes := garble(t, func(dir string) {
		if err := os.Truncate(filepath.Join(dir, "api.log"), int64(len("line 0\n")*3+2)); err != nil {
			t.Fatal(err)
		}
	})
	if len(notes) != 1 || !strings.Contains(notes[0], "is gone") {
		t.Errorf("told %q", notes)
	}
	newRun(t, s, "two", noon.Add(time.Hour))
	add(t, openLog(t, s, "api"), noon.Add(time.Hour), "new\n")
	equal(t, readAll(t, s, "api", Query{All: true}), "line 0", "line 1", "line 2", "li", "new")
	equal(t, readAll(t, s, "api", Query{}), "new")
}

func TestARemovedLogLeavesItsIndexBehind(t *testing.T) {
	s, _ := garble(t, func(dir string) { _ = os.Remove(filepath.Join(dir, "api.log")) })
	add(t, openLog(t, s, "api"), noon, "new\n")
	equal(t, readAll(t, s, "api", Query{All: true}), "new")
}

func TestALogRemovedOrCutWhileItIsWrittenIsTakenUpAgain(t *testing.T) {
	for _, spoil := range []func(dir string) error{
		func(dir string) error { return os.Remove(filepath.Join(dir, "api.log")) },
		func(dir string) error { return os.Remove(filepath.Join(dir, "api.idx")) },
		func(dir string) error { return os.Truncate(filepath.Join(dir, "api.log"), 0) },
		func(dir string) error { return os.RemoveAll(dir) },
	} {
		s := openStore(t, filepath.Join(t.TempDir(), "logs"), StoreOptions{})
		l := openLog(t, s, "api")
		add(t, l, noon, "old\n")
		if err := spoil(s.dir); err != nil {
			t.Fatal(err)
		}
		add(t, l, noon.Add(2*verifyEvery), "new\n")
		if got := readAll(t, s, "api", Query{All: true}); len(got) == 0 || got[len(got)-1] != "new" {
			t.Errorf("got %q", got)
		}
		_ = s.Close()
	}
}

func TestWhatIsWrittenOutlivesAKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	r, w := pipe(t)
	defer r.Close()
	cmd := command(t, "append:"+dir)
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if _, err := bufio.NewReader(r).ReadString('\n'); err != nil {
		t.Error(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	var notes []string
	s := openStore(t, dir, StoreOptions{Note: func(text string) { notes = append(notes, text) }})
	newRun(t, s, "after", time.Now().Add(time.Hour))
	add(t, openLog(t, s, "api"), time.Now(), "after\n")
	got := readAll(t, s, "api", Query{Run: -1})
	if len(got) <= 1000 || notes != nil {
		t.Fatalf("%d lines, told %q", len(got), notes)
	}
	for i, line := range got[:len(got)-1] {
		if line != fmt.Sprint("line ", i) {
			t.Fatalf("line %d is %q", i, line)
		}
	}
	equal(t, readAll(t, s, "api", Query{}), "after")
}

func TestALineOverASegmentComesBackWhole(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{MaxSize: 256 << 10})
	l := openLog(t, s, "api")
	text := strings.Repeat("日", 50_000)
	for rest := "before\n" + text + "\nafter\n"; rest != ""; {
		n := min(len(rest), chunkSize)
		add(t, l, noon, rest[:n])
		rest = rest[n:]
	}
	got := readAll(t, s, "api", Query{})
	if got[0] != "before" || got[len(got)-1] != "after" || strings.Join(got[1:len(got)-1], "") != text {
		t.Errorf("%d pieces", len(got))
	}
}

// FuzzReadOfAGarbledIndex: whatever the index says, nothing breaks and no line
// is lost or invented.
func FuzzReadOfAGarbledIndex(f *testing.F) {
	good := record{off: 0, at: 1, run: 1, flags: flagBase}.append(nil)
	f.Add(good, uint64(1))
	f.Add(record{off: 1 << 62, at: -1, run: 1, flags: flagBase}.append(good), uint64(2))
	f.Add(record{off: 4, at: 2, run: 2, flags: flagAttempt | flagTorn}.append(good), uint64(3))
	f.Add(bytes.Repeat([]byte{0xff}, 100), uint64(4))
	f.Fuzz(func(t *testing.T, idx []byte, seed uint64) {
		dir := t.TempDir()
		random := rand.New(rand.NewPCG(seed, 1))
		if seed%2 == 0 { // let some records be believed
			for i := 0; i+recordSize <= len(idx); i += recordSize {
				r, _ := parseRecord(idx[i:])
				r.off = random.Int64N(40)
				copy(idx[i:], r.append(nil))
			}
		}
		write(t, filepath.Join(dir, "api.log"), "one\ntwo\nthree\n")
		write(t, filepath.Join(dir, "api.idx"), string(idx))
		s, err := Open(dir, StoreOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		readAll(t, s, "api", Query{All: true, Last: 2})
		readAll(t, s, "api", Query{Run: -1})
		l := openLog(t, s, "api")
		add(t, l, noon, "four\n")
		got := readAll(t, s, "api", Query{All: true})
		if want := []string{"one", "two", "three", "four"}; !slices.Equal(got, want) && !slices.Equal(got, want[1:]) {
			t.Fatalf("got %q", got)
		}
		newRun(t, s, "x", noon.AddDate(50, 0, 0))
		add(t, l, noon.Add(time.Second), "five\n")
		equal(t, readAll(t, s, "api", Query{}), "five")
	})
}

// FuzzHealOfADamagedSegment: whatever a crash has cut off or garbled, every whole
// line before the damage is still there, what is written next comes behind it, and
// a loss that can be known is told.
func FuzzHealOfADamagedSegment(f *testing.F) {
	f.Add(uint16(3), uint16(7), []byte(nil), false)
	f.Add(uint16(900), uint16(100), []byte{0}, true)
	f.Add(uint16(40), uint16(65535), []byte("\nforged\n\xff\x00"), true)
	f.Fuzz(func(t *testing.T, lines, at uint16, junk []byte, index bool) {
		dir := t.TempDir()
		lines = lines%1500 + 1
		s := openStore(t, dir, StoreOptions{MaxSize: 64 << 10})
		l := openLog(t, s, "api")
		for i := range lines {
			add(t, l, noon.Add(time.Duration(i)*time.Second), fmt.Sprintf("line %d\n", i))
		}
		before := readAll(t, s, "api", Query{All: true})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "api.log")
		if index {
			path = filepath.Join(dir, "api.idx")
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cut := int(at) % (len(data) + 1)
		write(t, path, string(data[:cut])+string(junk))

		var told []string
		s = openStore(t, dir, StoreOptions{MaxSize: 64 << 10, Note: func(text string) { told = append(told, text) }})
		newRun(t, s, "next", noon.Add(time.Hour))
		l = openLog(t, s, "api")
		if err := l.begin(noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		add(t, l, noon.Add(time.Hour), "after\n")
		after := readAll(t, s, "api", Query{All: true})
		if len(after) == 0 || after[len(after)-1] != "after" {
			t.Fatalf("the last of %d lines is not what was written last", len(after))
		}
		whole := before
		if !index {
			lost := bytes.Count(data[cut:], []byte{'\n'})
			whole = before[:len(before)-lost]
			if lost > 1 && len(junk) == 0 && told == nil {
				t.Errorf("%d lines are gone and nobody says so", lost)
			}
		}
		// What is oldest may have made room for the line that was added.
		for len(whole) > 0 && len(after) > 0 && whole[0] != after[0] {
			whole = whole[1:]
		}
		if len(whole) > len(after) || !slices.Equal(whole, after[:len(whole)]) {
			t.Fatalf("%d whole lines before the damage, %d lines after: %q", len(whole), len(after), after)
		}
	})
}
