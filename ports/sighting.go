package ports

import (
	"slices"
	"time"
)

// sighting remembers a socket from look to look.
type sighting struct {
	first time.Time
	look  int
	owner *Watch // nil while it is not known
}

// unclaimed is a socket of which no target that expects it is known to be the owner.
// The others are asked when it is due, not before: what is found meanwhile is nothing
// that hundreds of targets have to keep in mind.
type unclaimed struct {
	socket
	due time.Time
}

// prime takes note of what is open before anything is watched.
func (w *Watcher) prime() {
	if all, err := w.table.listeners(); err == nil {
		w.sight(all, time.Now())
	}
}

// sight returns the sockets that were not there before and forgets those that
// are closed. A dump can miss a socket while others come and go, so only one that
// is missing twice is closed.
func (w *Watcher) sight(all []socket, now time.Time) (news []socket) {
	w.look++
	for _, s := range all {
		if seen := w.sockets[s.Listener]; seen != nil {
			seen.look = w.look
			continue
		}
		w.sockets[s.Listener] = &sighting{first: now, look: w.look}
		news = append(news, s)
	}
	for l, seen := range w.sockets {
		if w.look-seen.look > 1 {
			delete(w.sockets, l)
		}
	}
	return news
}

// mayBe reports whether a socket on a port that h does not expect can be h's.
func (s *sighting) mayBe(h *Watch) bool {
	older := s.first.Before(h.target.Started)
	return !older && (s.owner == nil || s.owner.gone())
}

// claim puts news down as unclaimed.
func (w *Watcher) claim(watches []*Watch, news []socket, now time.Time) {
	due := now
	if len(news) > 0 && slices.ContainsFunc(watches, (*Watch).waiting) {
		due = now.Add(foreignDelay) // Else the pause before this look was long enough.
	}
	for _, s := range news {
		w.unclaimed = append(w.unclaimed, unclaimed{s, due})
	}
}

// unclaimedAt is when those are asked that do not expect u.
func (w *Watcher) unclaimedAt(u unclaimed) time.Time {
	if u.due.Before(w.foreignAfter) {
		return w.foreignAfter
	}
	return u.due
}

// takeUnclaimed returns those of which everybody is to be asked now: at once where
// somebody expects them and does not have them, as it may be somebody else's.
func (w *Watcher) takeUnclaimed(watches []*Watch, now time.Time) (due []socket) {
	w.unclaimed = slices.DeleteFunc(w.unclaimed, func(u unclaimed) bool {
		if w.sockets[u.Listener].owner != nil {
			return true
		}
		missed := slices.ContainsFunc(watches, func(h *Watch) bool { return h.expects(u.socket) })
		if !missed && w.unclaimedAt(u).After(now) {
			return false
		}
		due = append(due, u.socket)
		return true
	})
	return due
}
