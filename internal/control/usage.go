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
	at   time.Time
	last map[string]reading
}

// reading is what was measured of one tree.
type reading struct {
	pid     int
	used    time.Duration
	memory  int64
	percent float64
}

// measure fills in the usage of the services that run.
func (m *meter) measure(sup *supervisor.Supervisor, services []Service) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); now.Sub(m.at) >= usageFresh {
		m.read(sup.Trees(), services, now)
	}
	for i := range services {
		s := &services[i]
		if r, ok := m.last[s.Name]; ok && r.pid == s.PID {
			s.CPU, s.Memory = &r.percent, &r.memory
		}
	}
}

func (m *meter) read(trees map[string][]int, services []Service, now time.Time) {
	next := make(map[string]reading, len(trees))
	for _, s := range services {
		tree := trees[s.Name]
		if len(tree) == 0 || s.PID == 0 || s.StartedAt == nil {
			continue
		}
		used, memory := proc.Usage(tree)
		r := reading{pid: s.PID, used: used, memory: memory}
		from, span := time.Duration(0), now.Sub(s.StartedAt.Time)
		if before, ok := m.last[s.Name]; ok && before.pid == s.PID && now.Sub(m.at) < usageOld {
			from, span = before.used, now.Sub(m.at)
		}
		if span > 0 {
			r.percent = max(0, 100*float64(used-from)/float64(span))
		}
		next[s.Name] = r
	}
	m.at, m.last = now, next
}
