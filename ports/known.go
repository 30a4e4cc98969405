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
	for _, s := range all {
		if seen := w.sockets[s.Listener]; seen != nil {
			seen.look = w.look
			continue
		}
		w.sockets[s.Listener] = &knownSocket{first: now, look: w.look}
		news = append(news, s)
	}
	for l, seen := range w.sockets {
		if w.look-seen.look > 1 {
			delete(w.sockets, l)
		}
	}
	return news
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
		missed := slices.ContainsFunc(watches, func(h *Watch) bool { return h.expects(u.socket) })
		if !missed && w.unownedDue(u).After(now) {
			return false
		}
		due = append(due, u.socket)
		return true
	})
	return due
}
