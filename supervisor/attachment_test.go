package supervisor

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func withTTY(s Service) Service {
	s.TTY = true
	return s
}

// next is what a shows without waiting; zero for nothing.
func next(t *testing.T, a *Attachment) Shown {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	shown, err := a.Next(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return shown
}

func TestOneWhoIsAttachedSeesTheUnfinishedLineAndWhatFollows(t *testing.T) {
	term := newTerminal()
	term.show([]byte("before\r\nPass"))
	term.show([]byte("word: "))
	a := term.attach(&Status{Name: "api", PID: 1})
	b := term.attach(&Status{Name: "api", PID: 1})
	term.show([]byte("\x1b[2Jon\n"))
	term.tell(&Status{Name: "api", PID: 2})
	term.show([]byte("more"))
	for _, a := range []*Attachment{a, b} {
		for _, want := range []struct {
			output string
			pid    int
		}{{"Password: ", 1}, {"\x1b[2Jon\n", 2}, {"more", 0}, {"", 0}} {
			got, pid := next(t, a), 0
			if got.Status != nil {
				pid = got.Status.PID
			}
			if string(got.Output) != want.output || pid != want.pid {
				t.Errorf("%q and pid %d came, not %q and %d", got.Output, pid, want.output, want.pid)
			}
		}
	}
	a.Close()
	term.show([]byte("for b"))
	if got := next(t, a); got.Output != nil {
		t.Errorf("a closed one got %q", got.Output)
	}
	if got := next(t, b); string(got.Output) != "for b" {
		t.Errorf("the other got %q", got.Output)
	}
}

// TestOneWhoIsAttachedAndReadsNothingIsBounded: it is told how much it missed, and gets the
// newest.
func TestOneWhoIsAttachedAndReadsNothingIsBounded(t *testing.T) {
	term := newTerminal()
	slow, quick := term.attach(&Status{}), term.attach(&Status{})
	chunk, written, seen := bytes.Repeat([]byte("0123456789abcdef"), 256), 0, 0
	for range 3 * mostUnseen / len(chunk) {
		term.show(chunk)
		written += len(chunk)
		seen += len(next(t, quick).Output)
	}
	seen += len(next(t, quick).Output)
	if seen != written {
		t.Errorf("who reads got %d of %d bytes", seen, written)
	}
	for i := range 10 * mostNews {
		term.tell(&Status{PID: i})
	}
	var all Shown
	for n := 0; ; n++ {
		got := next(t, slow)
		if got.Status == nil && len(got.Output) == 0 {
			if n > mostNews {
				t.Errorf("%d pieces of news waited", n)
			}
			break
		}
		all.Missed += got.Missed
		all.Output = append(all.Output, got.Output...)
		all.Status = got.Status
	}
	if got := int64(len(all.Output)) + all.Missed; got != int64(written) || len(all.Output) > mostUnseen {
		t.Errorf("who does not has %d bytes, and missed %d of %d", len(all.Output), all.Missed, written)
	}
	if all.Status.PID != 10*mostNews-1 {
		t.Errorf("it was told of pid %d last", all.Status.PID)
	}
}

func TestTheTerminalHasTheSizeOfWhoWasActiveLast(t *testing.T) {
	usual, small, large := Size{24, 80}, Size{10, 40}, Size{50, 200}
	i := &fakeInstance{p: newFake()}
	var err error
	if i.out, err = os.Open(os.DevNull); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = i.out.Close() }()
	term := newTerminal()
	term.begin(i, usual, usual)
	a, b, pipe := term.attach(&Status{}), term.attach(&Status{}), term.attach(&Status{})
	a.Resize(small)
	b.Resize(large)
	_ = pipe.Type(t.Context(), []byte("x")) // It has no size.
	_ = a.Type(t.Context(), []byte("x"))
	term.setUsual(Size{30, 90})
	if got := term.fitting(usual); got != small {
		t.Errorf("the next attempt would begin with %v", got)
	}
	a.Close()
	a.Close()
	b.Close()
	pipe.Close()
	if want := []Size{small, large, small, large, {30, 90}}; !slices.Equal(i.sizes, want) {
		t.Errorf("it had %v, want %v", i.sizes, want)
	}
}

// TestWhoTypesWaitsForNobodyElse: not for one who types into a terminal that is full once
// that one leaves, nor for an attempt that is over.
func TestWhoTypesWaitsForNobodyElse(t *testing.T) {
	r, w, err := os.Pipe() // A pipe that nobody reads is full as well.
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close(); _ = w.Close() }()
	i := &fakeInstance{p: newFake(), out: w}
	term := newTerminal()
	term.begin(i, Size{}, Size{})
	a, b := term.attach(&Status{}), term.attach(&Status{})
	full := bytes.Repeat([]byte("x"), 2<<20)

	ctx, leave := context.WithCancel(t.Context())
	typed := make(chan error, 2)
	go func() { typed <- a.Type(ctx, full) }()
	for len(term.typing) == 0 {
		time.Sleep(time.Millisecond)
	}
	term.show([]byte("the loop and the reader go on"))
	a.Resize(Size{1, 1})
	leave()
	if err := <-typed; !errors.Is(err, context.Canceled) {
		t.Errorf("who has left: %v", err)
	}
	go func() { typed <- b.Type(t.Context(), full) }()
	for len(term.typing) == 0 {
		time.Sleep(time.Millisecond)
	}
	term.over()
	if err := <-typed; err != nil {
		t.Errorf("who typed as it ended: %v", err)
	}
	if err := b.Type(t.Context(), full); err != nil {
		t.Errorf("nothing runs: %v", err)
	}
}

func TestAttachingLastsAcrossRestarts(t *testing.T) {
	inWorld(t, []Service{withTTY(svc("api"))}, func(w *world) {
		a, err := w.Attach("api")
		if err != nil {
			t.Fatal(err)
		}
		states := func() (all []string) {
			for st := next(w.t, a).Status; st != nil; st = next(w.t, a).Status {
				all = append(all, string(st.State))
			}
			return all
		}
		expect := func(want ...string) {
			w.t.Helper()
			if got := states(); !slices.Equal(got, want) {
				t.Errorf("it was told %q, want %q", got, want)
			}
		}
		expect("stopped")
		a.Resize(Size{10, 40})
		w.do(Command{Verb: VerbStart})
		expect("waiting", "starting", "ready")
		if got := w.fake.command("api").Size; got != (Size{10, 40}) {
			t.Errorf("it started with %v", got)
		}
		w.do(Command{Verb: VerbRestart})
		time.Sleep(time.Second)
		synctest.Wait()
		expect("stopping", "waiting", "starting", "ready")
		w.cancel()
		for err == nil {
			_, err = a.Next(w.t.Context())
		}
		if !errors.Is(err, ErrEnded) {
			t.Errorf("at the end: %v", err)
		}
		if _, err := w.Attach("api"); !errors.Is(err, ErrEnding) && !errors.Is(err, ErrEnded) {
			t.Errorf("after it: %v", err)
		}
	})
}

func TestNobodyAttachesToWhatHasNoTerminal(t *testing.T) {
	external := withTTY(withPort(svc("db"), 5432))
	external.External = true
	inWorld(t, []Service{svc("api"), external, withTTY(svc("web"))}, func(w *world) {
		for name, want := range map[string]string{
			"api": "tty = true", "db": "lhrun runs nothing for it", "no": `there is no service "no"`,
		} {
			if _, err := w.Attach(name); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		a, err := w.Attach("web")
		if err != nil {
			t.Fatal(err)
		}
		w.do(Command{Verb: VerbStart, Services: []string{"web"}})
		<-w.apply([]Service{svc("web")}, "web")
		for err == nil {
			_, err = a.Next(w.t.Context())
		}
		if !strings.Contains(err.Error(), "tty = true") {
			t.Errorf("a reload took its terminal: %v", err)
		}
	})
}

func TestAQuestionThatNobodySeesIsTold(t *testing.T) {
	slow := withTTY(withPort(svc("api"), 8080))
	inWorld(t, []Service{slow}, func(w *world) {
		w.do(Command{Verb: VerbStart})
		w.byName["api"].terminal.show([]byte("Proceed? [y/N] "))
		time.Sleep(remindEvery + time.Second)
		synctest.Wait()
		told := strings.Join(w.notices(), "\n")
		if !strings.Contains(told, "lhrun attach api") {
			t.Errorf("it was told %q", told)
		}
	})
}
