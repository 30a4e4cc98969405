package logs

import (
	"context"
	"fmt"
	"testing"
	"time"
)

func TestSeveralLogsAreFollowedByTimeAndNewOnesAreFound(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	api, web := openLog(t, s, "api"), openLog(t, s, "web")
	for i := range 50 {
		at := noon.Add(time.Duration(i) * time.Second)
		if i%2 == 0 {
			add(t, api, at, fmt.Sprintf("%02d\n", i))
		} else {
			add(t, web, at, fmt.Sprintf("%02d\n", i))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	lines, done := make(chan string, 1000), make(chan error, 1)
	go func() {
		done <- openStore(t, dir, StoreOptions{}).FollowAll(ctx, map[string]Cursor{"api": 0, "web": 0}, true, func(service string, l Line) error {
			lines <- service + " " + string(l.Text)
			return nil
		})
	}()
	next := func() string {
		select {
		case l := <-lines:
			return l
		case <-time.After(20 * time.Second):
			t.Fatal("no line came")
			return ""
		}
	}
	for i := range 50 {
		if got, want := next(), fmt.Sprintf("%s %02d", []string{"api", "web"}[i%2], i); got != want {
			t.Fatalf("line %d is %q, want %q", i, got, want)
		}
	}
	add(t, openLog(t, s, "late"), noon, "first\n")
	if got := next(); got != "late first" {
		t.Errorf("got %q of a log that is new", got)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestALineTellsWhenItsRunBegan(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, StoreOptions{})
	for i := range 3 {
		began := noon.Add(time.Duration(i) * time.Hour)
		if err := s.NewRun(fmt.Sprint(i), began); err != nil {
			t.Fatal(err)
		}
		for _, service := range []string{"api", "web"} {
			add(t, openLog(t, s, service), began.Add(time.Minute), service+"\n")
		}
	}
	f := follow(t, s, "api", 0)
	for i := range 3 {
		if l := f.next(t); !l.Began().Equal(noon.Add(time.Duration(i) * time.Hour).Truncate(time.Second)) {
			t.Errorf("line %d is of a run that began at %s", i, l.Began())
		}
	}
	f.stop(t)
}

func TestFollowingAllEndsWithTheLastLines(t *testing.T) {
	s := openStore(t, t.TempDir(), StoreOptions{})
	newRun(t, s, "one", noon)
	last, done := make(chan struct{}), make(chan error, 1)
	got := map[string]string{}
	go func() {
		done <- s.FollowAllUntil(t.Context(), last, map[string]Cursor{"a": 0, "none": 0}, true, func(service string, l Line) error {
			if !l.Partial {
				got[service] += string(l.Text) + "|"
			}
			return nil
		})
	}()
	add(t, openLog(t, s, "a"), noon, "one\ntwo")
	add(t, openLog(t, s, "b"), noon, "three\n") // It is not on the list yet.
	close(last)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got["a"] != "one|two|" || got["b"] != "three|" {
		t.Errorf("%q", got)
	}
}
