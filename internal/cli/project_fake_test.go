package cli

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/supervisor"
)

// fakeProject is a project of which the test decides what happens. It counts what
// it is asked.
type fakeProject struct {
	mu       sync.Mutex
	snap     control.Snapshot
	past     []control.Event
	more     chan struct{}
	ended    error
	asked    int
	streams  int
	requests []control.Request
	lines    map[string][]string
}

func newFakeProject(snap control.Snapshot) *fakeProject {
	return &fakeProject{snap: snap, more: make(chan struct{}), lines: map[string][]string{}}
}

// untilFollowed returns when somebody hears the events.
func (p *fakeProject) untilFollowed(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		p.mu.Lock()
		n := p.streams
		p.mu.Unlock()
		if n > 0 {
			return
		}
	}
	t.Fatal("nobody follows the events")
}

func (p *fakeProject) wake() {
	close(p.more)
	p.more = make(chan struct{})
}

// put has the next snapshot tell what e does.
func (p *fakeProject) put(e control.Event) {
	if e.Service == nil {
		return
	}
	p.snap.Services = slices.DeleteFunc(slices.Clone(p.snap.Services), func(s control.Service) bool { return s.Name == e.Service.Name })
	if e.Kind != supervisor.EventRemoved {
		p.snap.Services = append(p.snap.Services, *e.Service)
	}
}

// set changes services, one event each.
func (p *fakeProject) set(services ...control.Service) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range services {
		p.snap.Seq++
		e := control.Event{Seq: p.snap.Seq, Kind: supervisor.EventState, Service: &s}
		p.put(e)
		p.past = append(p.past, e)
	}
	p.wake()
}

// say adds an event as it is.
func (p *fakeProject) say(e control.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.snap.Seq++
	e.Seq = p.snap.Seq
	p.put(e)
	p.past = append(p.past, e)
	p.wake()
}

// quietly changes services without an event, as reasons change.
func (p *fakeProject) quietly(services ...control.Service) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range services {
		p.put(control.Event{Service: &s})
	}
}

func (p *fakeProject) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = err
	p.wake()
}

func (p *fakeProject) Snapshot(context.Context, bool) (control.Snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	snap := p.snap
	snap.Services = slices.Clone(snap.Services)
	return snap, nil
}

func (p *fakeProject) Events(ctx context.Context, since uint64, each func(control.Event) error) error {
	p.mu.Lock()
	p.streams++
	p.mu.Unlock()
	for {
		p.mu.Lock()
		past, more, ended := slices.Clone(p.past), p.more, p.ended
		p.mu.Unlock()
		for _, e := range past {
			if e.Seq > since {
				since = e.Seq
				if err := each(e); err != nil {
					return err
				}
			}
		}
		if ended != nil {
			return ended
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *fakeProject) Logs(_ context.Context, q control.LogQuery, each func(control.LogLine) error) error {
	for _, service := range q.Services {
		lines := p.lines[service]
		for _, text := range lines[max(0, len(lines)-q.Last):] {
			if err := each(control.LogLine{Service: service, Text: text}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *fakeProject) Ask(_ context.Context, r control.Request) (control.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r)
	return control.Answer{Seq: p.snap.Seq}, nil
}
