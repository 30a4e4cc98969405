package logs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
)

func TestNoLineIsTornLostMergedOrReorderedWithThreeWriters(t *testing.T) {
	const n = 60_000
	var want []string
	for i := range n {
		want = append(want, mixedLine(i))
	}
	store := openStore(t, t.TempDir(), StoreOptions{MaxSize: 64 << 20})
	out := &screen{}
	names := []string{"a", "bb", "ccc"}
	console := NewConsole(out, ConsoleOptions{Names: names})
	var wg sync.WaitGroup
	for _, name := range names {
		s := NewStream(StreamOptions{Service: name, Log: openLog(t, store, name), Sink: console,
			Failed: func(err error) { t.Error(err) }})
		wg.Go(func() { copyChild(t, s, fmt.Sprintf("mixed:%d", n)) })
	}
	wg.Wait()

	got := map[string][]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\n"), "\n") {
		if strings.HasSuffix(line, "…") {
			continue // a line that took its time: it comes again
		}
		name, text, ok := strings.Cut(line, " | ")
		if !ok {
			t.Fatalf("line without a name: %q", line)
		}
		name = strings.TrimSpace(name)
		got[name] = append(got[name], text)
	}
	for _, name := range names {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s on the console: %d lines, want %d, or some differ", name, len(got[name]), n)
		}
		if stored := readAll(t, store, name, Query{}); !slices.Equal(stored, want) {
			t.Errorf("%s in the store: %d lines, want %d, or some differ", name, len(stored), n)
		}
		raw, err := os.ReadFile(store.dir + "/" + name + ".log")
		if err != nil || string(raw) != strings.Join(want, "\n") {
			t.Errorf("%s.log is not what the service wrote: %d bytes, %v", name, len(raw), err)
		}
	}
}

func TestBlankLinesAndAnUnterminatedLastLineAreKept(t *testing.T) {
	sink := newRecorder()
	s := NewStream(StreamOptions{Service: "api", Sink: sink})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	fmt.Fprint(w, "\n\none\n\ntwo\n\nlast")
	_ = w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if want := []string{"", "", "one", "", "two", "", "last"}; !slices.Equal(sink.all(), want) {
		t.Errorf("got %q, want %q", sink.all(), want)
	}
}

func TestNothingWrittenIsNoLine(t *testing.T) {
	sink := newRecorder()
	s := NewStream(StreamOptions{Service: "api", Sink: sink})
	r, w := pipe(t)
	defer r.Close()
	_ = w.Close()
	if err := s.Copy(r); err != nil || len(sink.all()) != 0 {
		t.Errorf("got %q, %v", sink.all(), err)
	}
}

func TestALineOfSeveralWritesIsJoinedAndNoCharacterIsSplit(t *testing.T) {
	sink := newRecorder()
	s := NewStream(StreamOptions{Service: "api", Sink: sink})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	for _, b := range []byte("köln 🦊 日本\nnext\n") {
		if _, err := w.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	_ = w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if want := []string{"köln 🦊 日本", "next"}; !slices.Equal(sink.all(), want) {
		t.Errorf("got %q, want %q", sink.all(), want)
	}
}

func TestAPromptIsShownWithin500Milliseconds(t *testing.T) {
	out := &screen{}
	s := NewStream(StreamOptions{Service: "api", Sink: NewConsole(out, ConsoleOptions{})})
	r, w := pipe(t)
	defer r.Close()
	in, answer := pipe(t)
	cmd := command(t, "prompt")
	cmd.Stdin, cmd.Stdout = in, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Close(), in.Close()
	done := start(s, r)
	eventually(t, "the prompt", func() bool { return out.String() == "api   | Name? " })
	fmt.Fprintln(answer, "bob")
	_ = answer.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if got := out.String(); got != "api   | Name? hello bob\n" {
		t.Errorf("got %q", got)
	}
}

func TestAPreviewNeverEndsInsideACharacter(t *testing.T) {
	sink := newRecorder()
	s := NewStream(StreamOptions{Service: "api", Sink: sink})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	began := time.Now()
	fmt.Fprint(w, "k\xc3")
	if got := <-sink.previews; got != "k" {
		t.Errorf("preview %q", got)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("shown after %v", took)
	}
	fmt.Fprint(w, "\xb6ln")
	if got := <-sink.previews; got != "köln" {
		t.Errorf("second preview %q", got)
	}
	fmt.Fprint(w, "!\n")
	_ = w.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if want := []string{"köln!"}; !slices.Equal(sink.all(), want) || len(sink.previews) > 0 {
		t.Errorf("got %q", sink.all())
	}
}

func TestALineOver64KiBIsPassedOnInPieces(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("x", maxLine-1), strings.Repeat("x", maxLine), strings.Repeat("x", maxLine+1),
		strings.Repeat("x", 3*maxLine), strings.Repeat("日", maxLine), "a" + strings.Repeat("🦊", maxLine),
		strings.Repeat("\x80", 2*maxLine), strings.Repeat("ö", maxLine/2) + "ö",
	} {
		sink := newRecorder()
		var tapped int
		s := NewStream(StreamOptions{Service: "api", Sink: sink})
		s.OnLine(func(line []byte) { tapped += len(line) })
		r, w := pipe(t)
		done := start(s, r)
		fmt.Fprint(w, "before\n"+text+"\nafter\n")
		_ = w.Close()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		lines := sink.all()
		pieces := lines[1 : len(lines)-1]
		if lines[0] != "before" || lines[len(lines)-1] != "after" || strings.Join(pieces, "") != text {
			t.Errorf("%d bytes did not come through whole", len(text))
		}
		if most := len(text)/(maxLine-3) + 1; len(pieces) > most || len(text) <= maxLine && len(pieces) > 1 {
			t.Errorf("%d bytes in %d pieces", len(text), len(pieces))
		}
		for _, p := range pieces {
			if utf8.ValidString(text) && !utf8.ValidString(p) || len(p) > maxLine {
				t.Errorf("a piece of %d bytes cuts a character or is too long", len(p))
			}
		}
		if tapped != len(text)+len("beforeafter") {
			t.Errorf("tap saw %d bytes of %d", tapped, len(text))
		}
	}
}

func TestALineOf300MBLeavesMemoryFlat(t *testing.T) {
	const size = 300
	store := openStore(t, t.TempDir(), StoreOptions{})
	sink := &peak{}
	s := NewStream(StreamOptions{Service: "api", Log: openLog(t, store, "api"), Sink: sink})
	debug.FreeOSMemory()
	sink.base = heap()
	copyChild(t, s, fmt.Sprintf("giant:%d", size))
	if sink.bytes != size<<20+len("end") {
		t.Errorf("passed on %d bytes", sink.bytes)
	}
	if sink.most > 16<<20 {
		t.Errorf("the heap grew by %d bytes", sink.most)
	}
	if used := dirSize(t, store.dir); used > DefaultMaxSize+4<<10 {
		t.Errorf("%d bytes on disk", used)
	}
}

// peak is a sink that counts bytes and looks at the heap now and then.
type peak struct {
	base, most int64
	bytes, n   int
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys - m.HeapReleased)
}

// inUse is the heap without what could be freed, pools included.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (p *peak) Lines(_ string, _ time.Time, block []byte) error {
	p.bytes += len(block) - 1
	if p.n++; p.n%500 == 0 {
		p.most = max(p.most, heap()-p.base)
	}
	return nil
}

func (p *peak) Preview(string, time.Time, []byte) error { return nil }

func TestIdleServicesHoldNoBuffer(t *testing.T) {
	var done []<-chan error
	var ends []*os.File
	before := inUse()
	for range 100 {
		r, w := pipe(t)
		ends = append(ends, r, w)
		sink := newRecorder()
		s := NewStream(StreamOptions{Service: "idle", Sink: sink})
		done = append(done, start(s, r))
		fmt.Fprintln(w, "ready")
		eventually(t, "the line", func() bool { return len(sink.all()) == 1 })
	}
	if grown := inUse() - before; grown > 100*chunkSize/4 {
		t.Errorf("100 idle services hold %d bytes", grown)
	}
	for i := range done {
		_ = ends[2*i+1].Close()
		<-done[i]
		_ = ends[2*i].Close()
	}
}

func TestADeadlineEndsCopyAfterWhatIsInThePipe(t *testing.T) {
	sink := newRecorder()
	s := NewStream(StreamOptions{Service: "api", Sink: sink})
	r, w := pipe(t)
	defer r.Close()
	defer w.Close() // a grandchild that still holds it
	fmt.Fprint(w, "one\ntwo\nlast")
	if err := r.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(r); err != nil {
		t.Error(err)
	}
	if want := []string{"one", "two", "last"}; !slices.Equal(sink.all(), want) {
		t.Errorf("got %q", sink.all())
	}
}

func TestADeadlineEndsCopyThoughSomebodyWritesForEver(t *testing.T) {
	s := NewStream(StreamOptions{Service: "api"})
	r, w := pipe(t)
	stop := make(chan struct{})
	go func() {
		defer close(stop)
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}()
	done := start(s, r)
	_ = r.SetReadDeadline(time.Now())
	if err := <-done; err != nil {
		t.Error(err)
	}
	_ = r.Close()
	<-stop
	_ = w.Close()
}

func TestCloseEndsCopyEvenWhileTheSinkIsStalled(t *testing.T) {
	for _, stalled := range []bool{false, true} {
		sink := &stall{entered: make(chan struct{}, 1), release: make(chan struct{})}
		s := NewStream(StreamOptions{Service: "api", Sink: sink})
		r, w := pipe(t)
		done := start(s, r)
		if stalled {
			fmt.Fprintln(w, "line")
			<-sink.entered
		}
		_ = r.Close() // must not wait for the sink
		close(sink.release)
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = w.Close()
	}
}

// stall is a sink that holds its caller until released.
type stall struct{ entered, release chan struct{} }

func (s *stall) Lines(string, time.Time, []byte) error {
	s.entered <- struct{}{}
	<-s.release
	return nil
}

func (s *stall) Preview(string, time.Time, []byte) error { return nil }

func TestTailAndBeginDoNotWaitForAStalledSink(t *testing.T) {
	sink := &stall{entered: make(chan struct{}, 1), release: make(chan struct{})}
	store := openStore(t, t.TempDir(), StoreOptions{})
	s := NewStream(StreamOptions{Service: "api", Sink: sink, Log: openLog(t, store, "api")})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	fmt.Fprintln(w, "line")
	<-sink.entered
	if got, _ := s.Tail(5); !slices.Equal(got, []string{"line"}) {
		t.Errorf("tail %q", got)
	}
	s.Begin(time.Now())
	close(sink.release)
	_ = w.Close()
	<-done
}

func TestTheEndOfAPseudoTerminalIsNoError(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	defer master.Close()
	sink := newRecorder()
	done := start(NewStream(StreamOptions{Service: "api", Sink: sink}), master)
	fmt.Fprint(slave, "one\nlast")
	eventually(t, "the first line", func() bool { return len(sink.all()) > 0 })
	_ = slave.Close()
	if err := <-done; err != nil {
		t.Errorf("got %v", err)
	}
	if want := []string{"one\r", "last"}; !slices.Equal(sink.all(), want) {
		t.Errorf("got %q", sink.all())
	}
}

func TestAReadErrorIsReturned(t *testing.T) {
	dir, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := NewStream(StreamOptions{Service: "api"}).Copy(dir); err == nil {
		t.Error("reading a directory gave no error")
	}
}

func TestOnLineSeesEachLineUntilItIsRemoved(t *testing.T) {
	s := NewStream(StreamOptions{Service: "api"})
	var all, first []string
	s.OnLine(func(line []byte) { all = append(all, string(line)) })
	var remove func()
	remove = s.OnLine(func(line []byte) {
		first = append(first, string(line))
		remove() // as a probe does that has seen its line
	})
	r, w := pipe(t)
	defer r.Close()
	done := start(s, r)
	fmt.Fprint(w, "one\r\n\ntwo")
	_ = w.Close()
	<-done
	if want := []string{"one", "", "two"}; !slices.Equal(all, want) {
		t.Errorf("got %q", all)
	}
	if len(first) == 0 || first[0] != "one" || len(first) > 2 {
		t.Errorf("removed tap saw %q", first)
	}
}

func TestTailIsTheEndOfTheCurrentAttemptWithoutEscapes(t *testing.T) {
	s := NewStream(StreamOptions{Service: "api"})
	now := time.Now()
	if got, _ := s.Tail(3); got != nil {
		t.Errorf("before anything: %q", got)
	}
	s.deliver(now, []byte("old\n"))
	s.Begin(now)
	if got, _ := s.Tail(3); got != nil {
		t.Errorf("after Begin: %q", got)
	}
	s.deliver(now, []byte("one\ntwo\n\x1b[31mred\x1b[0m\n10%\r20%\r\nbad \xff\n"))
	if got, behind := s.Tail(4); behind != 3 || !slices.Equal(got, []string{"two", "red", "20%", "bad \uFFFD"}) {
		t.Errorf("got %q, %d behind", got, behind)
	}
	if got, _ := s.Tail(100); len(got) != 5 {
		t.Errorf("got %q", got)
	}
	for i := range 10_000 {
		s.deliver(now, fmt.Appendf(nil, "line %d\n", i))
	}
	got, _ := s.Tail(5000)
	if last := got[len(got)-1]; last != "line 9999" || !strings.HasPrefix(got[0], "line ") || cap(s.tail.buf) > 4*tailSize {
		t.Errorf("from %q to %q, %d bytes held", got[0], last, cap(s.tail.buf))
	}
	s.deliver(now, append(bytes.Repeat([]byte("x"), 2*tailSize), '\n'))
	if got, _ := s.Tail(2); len(got) != 1 || !strings.HasPrefix(got[0], "…xxx") {
		t.Errorf("of a long line: %d lines, %.10q", len(got), got)
	}
}

func TestSinkTroubleIsToldOncePerChangeAndTheStreamGoesOn(t *testing.T) {
	sink := newRecorder()
	var told []error
	s := NewStream(StreamOptions{Service: "api", Sink: sink, Failed: func(err error) { told = append(told, err) }})
	broken := errors.New("broken")
	for _, err := range []error{nil, broken, broken, nil, broken, broken} {
		sink.err = err
		s.deliver(time.Now(), []byte("line\n"))
	}
	if len(told) != 2 || !errors.Is(told[0], broken) {
		t.Errorf("told %v", told)
	}
	if len(sink.all()) != 6 {
		t.Errorf("delivered %d lines", len(sink.all()))
	}
}

func FuzzSplitterJoinedPiecesAreTheInput(f *testing.F) {
	f.Add([]byte("one\ntwo\n\nlast"), uint16(3))
	f.Add(bytes.Repeat([]byte("日"), maxLine), uint16(60_001))
	f.Add(append(bytes.Repeat([]byte{0x80}, maxLine+1), "\nx"...), uint16(65_535))
	f.Add(bytes.Repeat([]byte("10%\r\x1b[1G"), 20_000), uint16(65_535))
	f.Fuzz(func(t *testing.T, input []byte, step uint16) {
		if len(input) < 1000 && step%3 == 0 {
			input = bytes.Repeat(input, 300)
		}
		step = max(step, uint16(len(input)/256)) // what is held back is copied each time
		var s splitter
		var got []byte
		emit := func(block []byte) {
			if len(block) == 0 || block[len(block)-1] != '\n' || len(block) > maxLine+chunkSize+1 {
				t.Fatalf("block of %d bytes", len(block))
			}
			got = append(got, block...)
		}
		buf := make([]byte, maxLine+chunkSize+1)
		for rest := input; len(rest) > 0; {
			have := copy(buf, s.pending)
			n := copy(buf[have:have+chunkSize], rest[:min(len(rest), int(step)+1)])
			s.feed(buf[:have+n], emit)
			rest = rest[n:]
			if len(s.pending) > maxLine {
				t.Fatalf("%d bytes held back", len(s.pending))
			}
		}
		got = append(got, s.pending...)
		if want := cutLong(input); !bytes.Equal(got, want) {
			t.Fatalf("%d bytes in, %d out, want %d", len(input), len(got), len(want))
		}
	})
}

// cutLong is what the splitter is to do, said slowly: lines over the limit get
// newlines, at places that do not depend on how the input came.
func cutLong(input []byte) (out []byte) {
	for i, line := range bytes.Split(input, []byte{'\n'}) {
		if i > 0 {
			out = append(out, '\n')
		}
		for len(line) > maxLine {
			if over := overwritten(line[:maxLine]); over > 0 {
				line = line[over:]
				continue
			}
			n := maxLine
			for k := 1; k < utf8.UTFMax && !utf8.RuneStart(line[n]); k++ {
				if _, size := utf8.DecodeRune(line[maxLine-k:]); size > k {
					n = maxLine - k
				}
			}
			out = append(append(out, line[:n]...), '\n')
			line = line[n:]
		}
		out = append(out, line...)
	}
	return out
}
