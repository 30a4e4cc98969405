package control

import (
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/proc"
	"github.com/lhrun/lhrun/supervisor"
)

const (
	// usageFresh is how long a measurement serves everybody who asks, and
	// usageOld when it is too old to be the beginning of another.
	usageFresh = 250 * time.Millisecond
	usageOld   = 10 * time.Second
)

// meter measures process trees. It remembers the last measurement, to tell what
// was used since.
type meter struct {
	mu   sync.Mutex
	last map[string]reading
}

// reading is what was measured of one tree.
type reading struct {
	pid     int
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
		m.read(sup.Trees(), services, now)
	}
	for i := range services {
		s := &services[i]
		if r, ok := m.last[s.Name]; ok && r.pid == s.PID {
			s.CPU, s.Memory = &r.percent, &r.memory
		}
	}
}

// fresh reports that every process that runs was measured just now.
func (m *meter) fresh(services []Service, now time.Time) bool {
	for _, s := range services {
		if r := m.last[s.Name]; s.PID != 0 && (r.pid != s.PID || now.Sub(r.at) >= usageFresh) {
			return false
		}
	}
	return true
}

func (m *meter) read(trees map[string][]int, services []Service, now time.Time) {
	next := make(map[string]reading, len(trees))
	for _, s := range services {
		tree := trees[s.Name]
		if len(tree) == 0 || s.PID == 0 || s.StartedAt == nil {
			continue
		}
		before, known := m.last[s.Name]
		known = known && before.pid == s.PID && now.Sub(before.at) < usageOld
		if known && now.Sub(before.at) < usageFresh {
			next[s.Name] = before
			continue
		}
		if !known {
			before = reading{at: s.StartedAt.Time}
		}
		r := reading{pid: s.PID, at: now}
		r.used, r.memory = proc.Usage(tree)
		if span := now.Sub(before.at); span > 0 {
			r.percent = max(0, 100*float64(r.used-before.used)/float64(span))
		}
		next[s.Name] = r
	}
	m.last = next
}
