package control

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// restless is a project with much news and no process: whenever api is asked
// for, it waits for db, and in vain.
//
// stir makes at least so many events more.
func restless(t *testing.T) (h *house, stir func(events int)) {
	h = build(t, service("idle", "db"), service("idle", "api", "db"))
	return h, func(events int) {
		t.Helper()
		for last := seqOf(t, h) + uint64(events); seqOf(t, h) < last; {
			request(t, h, Request{Verb: supervisor.VerbStart, Services: []string{"api"}, NoDeps: true})
			request(t, h, Request{Verb: supervisor.VerbStop, Services: []string{"api"}, NoDeps: true})
		}
	}
}

func seqOf(t *testing.T, p Project) uint64 {
	t.Helper()
	snap, err := p.Snapshot(ctxOf(t), false)
	if err != nil {
		t.Fatal(err)
	}
	return snap.Seq
}

// TestEventsGoOnWithoutAGap: over many connections, each of which is lost.
func TestEventsGoOnWithoutAGap(t *testing.T) {
	h, stir := restless(t)
	c := h.dial()
	stirred := make(chan struct{})
	go func() {
		defer close(stirred)
		stir(700)
	}()
	defer func() { <-stirred }()
	lost := errors.New("lost")
	for since := uint64(0); since < 600; {
		n := 0
		err := c.Events(ctxOf(t), since, func(e Event) error {
			if e.Seq != since+1 || e.Kind == EventMissed {
				t.Fatalf("after event %d comes %+v", since, e)
			}
			since = e.Seq
			if n++; n == 17 {
				return lost
			}
			return nil
		})
		if !errors.Is(err, lost) {
			t.Fatalf("after %d: %v", since, err)
		}
	}
}

func TestWhatAClientMissedIsTold(t *testing.T) {
	h, stir := restless(t)
	c := h.dial()
	stir(2200)
	last := seqOf(t, c)
	stop := errors.New("stop")
	var missed, got, since uint64
	err := c.Events(ctxOf(t), 0, func(e Event) error {
		if e.Kind == EventMissed {
			if e.Text != fmt.Sprintf("%d events are gone, they came faster than they were read", e.Missed) || e.Seq != since+e.Missed {
				t.Errorf("%+v", e)
			}
			missed += e.Missed
		} else {
			got++
		}
		if since = e.Seq; since == last {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || missed == 0 || missed+got != last {
		t.Errorf("%d missed and %d seen of %d, %v", missed, got, last, err)
	}
	if missed > last-2000 {
		t.Errorf("only %d of %d are remembered", last-missed, last)
	}
}

func TestANumberOfAnotherRunIsToldApart(t *testing.T) {
	h, _ := restless(t)
	err := h.dial().Events(ctxOf(t), 5000, func(Event) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "there was no event 5000 yet") {
		t.Error(err)
	}
}

// TestAStoppedReaderSlowsNobody: neither the supervisor, nor other clients, nor
// the end.
func TestAStoppedReaderSlowsNobody(t *testing.T) {
	h, stir := restless(t)
	for range 20 { // They ask, and never read.
		conn := rawConn(t, h.path)
		if _, err := io.WriteString(conn, "GET /events?since=0 HTTP/1.1\r\n"+head+"\r\n"); err != nil {
			t.Fatal(err)
		}
	}
	c := h.dial()
	var since uint64
	readTo := func(last uint64) {
		t.Helper()
		enough := errors.New("enough")
		err := c.Events(ctxOf(t), since, func(e Event) error {
			if since++; e.Seq != since {
				t.Fatalf("after %d comes %d", since-1, e.Seq)
			}
			if e.Seq == last {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Fatal(err)
		}
	}
	for range 10 { // Far more than any buffer on the way holds.
		stir(300)
		readTo(seqOf(t, c))
	}
	request(t, c, Request{Verb: VerbDown})
	if err := c.Events(ctxOf(t), since, func(Event) error { return nil }); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
	<-h.ended
	begin := time.Now()
	if err := h.server.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > usualLimits().closing {
		t.Errorf("closing took %s", took)
	}
}

// TestEventsComeWithoutPolling: a look every so often would cost half its time.
func TestEventsComeWithoutPolling(t *testing.T) {
	h, stir := restless(t)
	c := h.dial()
	var late []time.Duration
	stop := errors.New("stop")
	came := make(chan struct{}, 1000)
	done := make(chan error, 1)
	since := seqOf(t, c)
	go func() {
		done <- c.Events(ctxOf(t), since, func(e Event) error {
			if e.Service.State != "stopped" {
				return nil
			}
			late = append(late, time.Since(e.Time.Time))
			came <- struct{}{}
			if len(late) == 50 {
				return stop
			}
			return nil
		})
	}()
	for range 50 {
		stir(1)
		<-came
	}
	if err := <-done; !errors.Is(err, stop) {
		t.Fatal(err)
	}
	slices.Sort(late)
	t.Logf("half of the events came within %s, all within %s", late[25], late[49])
	if late[25] > 200*time.Millisecond { // 20 ms is the promise
		t.Errorf("half of the events took longer than %s", late[25])
	}
}
