package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// following is a Follow in the background.
type following struct {
	lines  chan Line
	cancel context.CancelFunc
	done   chan error
}

func follow(t *testing.T, s *Store, service string, from Cursor) *following {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &following{make(chan Line, 1<<20), cancel, make(chan error, 1)}
	go func() {
		f.done <- s.Follow(ctx, service, from, func(l Line) error {
			l.Text = slices.Clone(l.Text)
			f.lines <- l
			return nil
		})
	}()
	return f
}

func (f *following) next(t *testing.T) Line {
	t.Helper()
	select {
	case l := <-f.lines:
		return l
	case <-time.After(20 * time.Second):
		t.Fatal("no line came")
		return Line{}
	}
}

func (f *following) texts(t *testing.T, n int) (texts []string) {
	t.Helper()
	for range n {
		texts = append(texts, string(f.next(t).Text))
	}
	return texts
}

func (f *following) stop(t *testing.T) {
	t.Helper()
	f.cancel()
	if err := <-f.done; err != nil {
		t.Error(err)
	}
}

func TestFollowGoesOnWhereReadEnded(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	other := openStore(t, dir, StoreOptions{}) // as another process has it
	l := openLog(t, s, "api")
	add(t, l, noon, "one\ntwo\nthr")
	var read []string
	at, err := s.Read("api", Query{Whole: true}, func(_ time.Time, line []byte) error {
		read = append(read, string(line))
		return nil
	})
	equal(t, read, "one", "two")
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []*Store{s, other} {
		f := follow(t, from, "api", at)
		if p := f.next(t); !p.Partial || string(p.Text) != "thr" {
			t.Errorf("got %+v", p)
		}
		f.stop(t)
	}
	here, there := follow(t, s, "api", at), follow(t, other, "api", at)
	add(t, l, noon.Add(time.Second), "ee\n\nfive\r\n")
	for _, f := range []*following{here, there} {
		first := f.next(t)
		for first.Partial {
			first = f.next(t)
		}
		if string(first.Text) != "three" || !first.At.Equal(noon.Add(time.Second)) || !first.More {
			t.Errorf("got %+v", first)
		}
		equal(t, f.texts(t, 1), "")
		last := f.next(t)
		if string(last.Text) != "five" || last.More || last.Next != Cursor(len("one\ntwo\nthree\n\nfive\r\n")) {
			t.Errorf("got %+v", last)
		}
		f.stop(t)
	}
}

func TestFollowFromTheEndAndBeforeThereIsALog(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	early := follow(t, s, "api", 0)
	l := openLog(t, s, "api")
	add(t, l, noon, "one\n")
	equal(t, early.texts(t, 1), "one")
	at, _ := s.Read("api", Query{}, func(time.Time, []byte) error { return nil })
	late, beyond := follow(t, s, "api", FromEnd), follow(t, s, "api", at+1000)
	seen := map[*following]bool{}
	eventually(t, "a new line", func() bool { // they begin when they begin
		add(t, l, noon, "again\n")
		for _, f := range []*following{late, beyond} {
			select {
			case got := <-f.lines:
				if string(got.Text) != "again" {
					t.Errorf("got %+v", got)
				}
				seen[f] = true
			case <-time.After(10 * time.Millisecond):
			}
		}
		return len(seen) == 2
	})
	early.stop(t)
	late.stop(t)
	beyond.stop(t)
}

func TestFollowSeesEveryLineAcrossSegments(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{MaxSize: 1 << 20})
	l := openLog(t, s, "api")
	here, there := follow(t, s, "api", 0), follow(t, openStore(t, dir, StoreOptions{}), "api", 0)
	const n = 40_000
	for i := range n {
		add(t, l, time.Now(), fmt.Sprintf("line %d of some length, so that segments fill\n", i))
		if i%1000 == 0 { // the slower one may be at most a few segments behind
			eventually(t, "both following", func() bool { return len(here.lines) > i-5000 && len(there.lines) > i-5000 })
		}
	}
	for _, f := range []*following{here, there} {
		for i := range n {
			got := f.next(t)
			for got.Partial {
				got = f.next(t)
			}
			if got.Missed > 0 || !strings.HasPrefix(string(got.Text), fmt.Sprintf("line %d ", i)) {
				t.Fatalf("line %d: got %+v, %s", i, got, got.Text)
			}
		}
		f.stop(t)
	}
}

func TestAStalledFollowerNeverSlowsTheServiceAndIsToldWhatItMissed(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{MaxSize: 256 << 10})
	l := openLog(t, s, "api")
	st := NewStream(StreamOptions{Service: "api", Log: l, Failed: func(err error) { t.Error(err) }})
	add(t, l, noon, "first\n")
	stalled, release := make(chan struct{}), make(chan struct{})
	var seen []Line
	enough := errors.New("enough")
	done := make(chan error)
	go func() {
		done <- s.Follow(t.Context(), "api", 0, func(got Line) error {
			got.Text = slices.Clone(got.Text)
			seen = append(seen, got)
			if len(seen) == 1 {
				close(stalled)
				<-release
			}
			if string(got.Text) == "last" {
				return enough
			}
			return nil
		})
	}()
	<-stalled
	copyChild(t, st, "flood:100000") // ends, though nobody reads what it says
	add(t, l, time.Now(), "last\n")
	end, _ := s.Read("api", Query{}, func(time.Time, []byte) error { return nil })
	close(release)
	if err := <-done; !errors.Is(err, enough) {
		t.Fatal(err)
	}
	var got, missed int64
	for i, line := range seen {
		missed += line.Missed
		if line.Missed == 0 {
			got += int64(len(line.Text)) + 1
		}
		if line.Missed == 0 && i > 0 && len(line.Text) != 99 && string(line.Text) != "last" {
			t.Errorf("torn line %q", line.Text)
		}
	}
	if missed == 0 || got+missed != int64(end) {
		t.Errorf("seen %d bytes, told of %d missed, of %d written", got, missed, end)
	}
}

func TestFollowingEndsWithTheLastLine(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	newRun(t, s, "one", noon)
	l := openLog(t, s, "api")
	last, done := make(chan struct{}), make(chan error, 1)
	var got []string
	go func() {
		done <- s.FollowUntil(t.Context(), last, "api", 0, func(l Line) error {
			if !l.Partial {
				got = append(got, string(l.Text))
			}
			return nil
		})
	}()
	for i := range 1000 {
		add(t, l, noon, fmt.Sprintf("line %d\n", i))
	}
	add(t, l, noon, "no end")
	close(last)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(got) != 1001 || got[1000] != "no end" {
		t.Errorf("%d lines came, the last is %q", len(got), got[max(0, len(got)-1)])
	}
	if err := s.FollowUntil(t.Context(), last, "none", 0, nil); err != nil {
		t.Error(err)
	}
}
