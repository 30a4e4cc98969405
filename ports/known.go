package ports

import (
	"slices"
	"time"
)

// knownSocket is what is remembered of a socket from look to look.
type knownSocket struct {
	first time.Time
	look  int
	owner *Watch // nil while it is not known
	// missed is when it was not in a dump, after the one of look.
	missed time.Time
}

// closedSocket is a service's socket that is closed.
type closedSocket struct {
	Listener
	since time.Time
}

// pause returns how long the next look can wait. A service that listens anew mostly does
// so soon.
func (c closedSocket) pause(now time.Time) time.Duration {
	gone := now.Sub(c.since)
	return max(min(ClosedAfter-gone, max(gone/10, longPause)), shortPause)
}

// unownedSocket is a socket that no target which expects it is known to own. The other
// targets are searched when it is due; until then it costs them nothing.
type unownedSocket struct {
	socket
	due time.Time
}

// prime records the sockets that are open before anything is watched.
func (w *Watcher) prime() {
	if all, err := w.table.listeners(); err == nil {
		w.update(all, time.Now())
	}
}

// update returns the new sockets and forgets the closed ones. A dump can miss a socket
// while others come and go, so only one that is missing twice counts as closed.
func (w *Watcher) update(all []socket, now time.Time) (news []socket) {
	w.look++
	w.missed = false
	for _, s := range all {
		if seen := w.sockets[s.Listener]; seen != nil {
			seen.look = w.look
			continue
		}
		w.sockets[s.Listener] = &knownSocket{first: now, look: w.look}
		news = append(news, s)
	}
	for l, seen := range w.sockets {
		switch missing := w.look - seen.look; {
		case missing == 1:
			seen.missed = now
			w.missed = w.missed || seen.owner != nil
		case missing > 1:
			delete(w.sockets, l)
			if h := seen.owner; h != nil && h.target.Closed != nil && h.expects(l) {
				h.closed = append(h.closed, closedSocket{l, seen.missed})
			}
		}
	}
	return news
}

// tellClosed tells of the sockets that have been closed for ClosedAfter. A system that
// numbers no sockets may have opened one of them again.
func (w *Watcher) tellClosed(h *Watch, now time.Time) {
	h.closed = slices.DeleteFunc(h.closed, func(c closedSocket) bool {
		if seen := w.sockets[c.Listener]; seen != nil {
			return true
		}
		due := now.Sub(c.since) >= ClosedAfter
		if due && !h.gone() {
			h.target.Closed(c.Listener)
		}
		return due
	})
}

// mayBe reports whether h may own a socket on a port that it does not expect.
func (s *knownSocket) mayBe(h *Watch) bool {
	older := s.first.Before(h.target.Started)
	return !older && (s.owner == nil || s.owner.gone())
}

// addUnowned adds news to the unowned sockets.
func (w *Watcher) addUnowned(watches []*Watch, news []socket, now time.Time) {
	due := now
	if len(news) > 0 && slices.ContainsFunc(watches, (*Watch).waiting) {
		due = now.Add(foreignDelay) // Else the pause before this look was long enough.
	}
	for _, s := range news {
		w.unowned = append(w.unowned, unownedSocket{s, due})
	}
}

// unownedDue returns when the targets that do not expect u are searched.
func (w *Watcher) unownedDue(u unownedSocket) time.Time {
	if u.due.Before(w.foreignAfter) {
		return w.foreignAfter
	}
	return u.due
}

// takeUnowned removes and returns the sockets that every target is to be searched for
// now. One that a target expects and does not own is due at once.
func (w *Watcher) takeUnowned(watches []*Watch, now time.Time) (due []socket) {
	w.unowned = slices.DeleteFunc(w.unowned, func(u unownedSocket) bool {
		if w.sockets[u.Listener].owner != nil {
			return true
		}
		missed := slices.ContainsFunc(watches, func(h *Watch) bool { return h.expects(u.Listener) })
		if !missed && w.unownedDue(u).After(now) {
			return false
		}
		due = append(due, u.socket)
		return true
	})
	return due
}
