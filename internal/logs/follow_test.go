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

// following is a FollowAll of one log in the background.
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
		f.done <- s.FollowAll(ctx, map[string]Cursor{service: from}, false, func(_ string, l Line) error {
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

func TestFollowGoesOnWhereMergeEnded(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	other := openStore(t, dir, StoreOptions{}) // as another process has it
	l := openLog(t, s, "api")
	add(t, l, noon, "one\ntwo\nthr")
	var read []string
	at, err := readOne(s, "api", Query{Whole: true}, func(_ time.Time, line []byte) error {
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

func TestFollowFromBeyondTheEndAndBeforeThereIsALog(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	early := follow(t, s, "api", 0)
	l := openLog(t, s, "api")
	add(t, l, noon, "one\n")
	equal(t, early.texts(t, 1), "one")
	at, _ := readOne(s, "api", Query{}, func(time.Time, []byte) error { return nil })
	beyond := follow(t, s, "api", at+1000)
	eventually(t, "a new line", func() bool { // it begins when it begins
		add(t, l, noon, "again\n")
		select {
		case got := <-beyond.lines:
			if string(got.Text) != "again" {
				t.Errorf("got %+v", got)
			}
			return true
		case <-time.After(10 * time.Millisecond):
			return false
		}
	})
	early.stop(t)
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
		done <- s.FollowAll(t.Context(), map[string]Cursor{"api": 0}, false, func(_ string, got Line) error {
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
	end, _ := readOne(s, "api", Query{}, func(time.Time, []byte) error { return nil })
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
