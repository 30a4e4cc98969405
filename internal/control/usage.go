package control

import (
	"sync"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

const (
	// usageFresh is how long a measurement serves everybody who asks, and
	// usageOld when it is too old to be the beginning of another.
	usageFresh = 250 * time.Millisecond
	usageOld   = 10 * time.Second
)

// meter measures what services use. It remembers the last measurement, to tell what
// was used since.
type meter struct {
	mu   sync.Mutex
	last map[string]reading
}

// reading is what was measured of a service since it started.
type reading struct {
	started time.Time
	at      time.Time
	used    time.Duration
	memory  int64
	percent float64
}

// measure fills in the usage of the services that run.
func (m *meter) measure(sup *supervisor.Supervisor, services []Service) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if !m.fresh(services, now) {
		m.read(sup.Usage(), services, now)
	}
	for i := range services {
		s := &services[i]
		if r, ok := m.reading(*s); ok {
			s.CPU, s.Memory = &r.percent, &r.memory
		}
	}
}

// runs reports whether there is something of s to measure.
func runs(s Service) bool {
	switch supervisor.State(s.State) {
	case supervisor.StateStarting, supervisor.StateReady, supervisor.StateUnhealthy, supervisor.StateStopping:
		return s.StartedAt != nil
	}
	return false
}

// reading returns the last one of s as it runs now, if there is one.
func (m *meter) reading(s Service) (reading, bool) {
	r, ok := m.last[s.Name]
	return r, ok && runs(s) && r.started.Equal(s.StartedAt.Time)
}

// fresh reports whether every service that runs was measured just now.
func (m *meter) fresh(services []Service, now time.Time) bool {
	for _, s := range services {
		if r, ok := m.reading(s); runs(s) && (!ok || now.Sub(r.at) >= usageFresh) {
			return false
		}
	}
	return true
}

func (m *meter) read(usage map[string]supervisor.Usage, services []Service, now time.Time) {
	next := make(map[string]reading, len(usage))
	for _, s := range services {
		use, ok := usage[s.Name]
		if !ok || !runs(s) {
			continue
		}
		before, known := m.reading(s)
		known = known && now.Sub(before.at) < usageOld
		if known && now.Sub(before.at) < usageFresh {
			next[s.Name] = before
			continue
		}
		if !known {
			before = reading{at: s.StartedAt.Time}
		}
		r := reading{started: s.StartedAt.Time, at: now, used: use.CPU, memory: use.Memory}
		if span := now.Sub(before.at); span > 0 {
			r.percent = max(0, 100*float64(r.used-before.used)/float64(span))
		}
		next[s.Name] = r
	}
	m.last = next
}
