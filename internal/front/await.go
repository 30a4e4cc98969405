package front

import (
	"context"
	"net/http"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/supervisor"
)

// refusal is an answer in the place of a service's.
type refusal struct {
	status  int
	service string
	// text says why, for people.
	text string
	// again says that it may be otherwise before long.
	again bool
}

func (r *refusal) Error() string { return r.text }

// pagePatience is how long a page load waits before it is told what it waits for.
const pagePatience = 700 * time.Millisecond

// patience is how long one request has waited so far, and may.
type patience struct {
	until time.Time
	// page is when a page load is told; zero for other requests.
	page time.Time
}

func newPatience(m *moment, r *http.Request) patience {
	now := time.Now()
	p := patience{until: now.Add(time.Duration(m.front().WaitMS) * time.Millisecond)}
	if isPageLoad(r) {
		p.page = now.Add(pagePatience)
	}
	return p
}

// next is how long to wait for news now.
func (p patience) next() time.Duration {
	end := p.until
	if !p.page.IsZero() && p.page.Before(end) {
		end = p.page
	}
	return time.Until(end)
}

// await returns the service once it is ready, or a *refusal.
func (t *tracker) await(ctx context.Context, name string, p patience) (control.Service, error) {
	for {
		m := t.now()
		s, known := view.ServiceNamed(m.snap, name)
		switch {
		case !known:
			return s, &refusal{status: http.StatusMisdirectedRequest}
		case s.State == supervisor.StateReady:
			return s, nil
		case isOver(s):
			return s, t.refuse(http.StatusServiceUnavailable, m, s)
		}
		if err := t.news(ctx, m, s, p); err != nil {
			return s, err
		}
	}
}

// isOver reports whether s will not be ready by itself.
func isOver(s control.Service) bool {
	switch s.State {
	case supervisor.StateFailed, supervisor.StateCompleted:
		return !s.Restarting
	case supervisor.StateStopped:
		return !s.Wanted
	}
	return false
}

// news returns when there is a newer moment than m, or a *refusal when p is at its end.
func (t *tracker) news(ctx context.Context, m *moment, s control.Service, p patience) error {
	timer := time.NewTimer(p.next())
	defer timer.Stop()
	select {
	case <-m.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	if time.Now().Before(p.until) {
		return t.refuse(http.StatusServiceUnavailable, m, s)
	}
	return t.refuse(http.StatusGatewayTimeout, m, s)
}

func (t *tracker) refuse(status int, m *moment, s control.Service) *refusal {
	return &refusal{status: status, service: s.Name, text: explain(m, s), again: true}
}
