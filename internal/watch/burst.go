package watch

import "time"

// The debounce of a Rule that names none, and how long a burst that does not end
// may go on before it counts.
const (
	defaultDebounce = 100 * time.Millisecond
	longestBurst    = 10 * time.Second
)

// mostFiles of a burst are remembered by name.
const mostFiles = 100

// burst is what has changed since the last time that it was told.
type burst struct {
	first, last time.Time
	files       []string
	known       map[string]bool
	// lost says that there was more than can be told.
	lost bool
}

func (b *burst) add(file string, now time.Time) {
	if b.first.IsZero() {
		b.first, b.known = now, map[string]bool{}
	}
	b.last = now
	if b.known[file] {
		return
	}
	if len(b.files) == mostFiles {
		b.lost = true
		return
	}
	b.known[file] = true
	b.files = append(b.files, file)
}

// due is when b is to be told; zero for never.
func (b *burst) due(debounce time.Duration) time.Time {
	if b.first.IsZero() {
		return time.Time{}
	}
	due, limit := b.last.Add(debounce), b.first.Add(max(longestBurst, debounce))
	if due.After(limit) {
		return limit
	}
	return due
}
