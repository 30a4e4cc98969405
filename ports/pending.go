package ports

import (
	"maps"
	"slices"
	"time"
)

// pendingLookup is a socket that may belong to a target.
type pendingLookup struct {
	socket
	// tries counts how often the target was searched for it.
	tries int
	due   time.Time
}

const (
	// A grandchild may be missing from the tree for a moment, and a socket from a
	// process between fork and exec. So nobody counts as a stranger before this many
	// tries, at growing distances: after some 35 ms.
	strangerTries = 4
	// A listener on a port that nobody expects is forgotten after some 400 ms. There are
	// few tries, because each searches every tree for whatever any program opens.
	foreignTries = 4
	// A service may listen before it is watched, so other targets are not searched at
	// once: that was a third of the watcher's work in "flat start, 500 services".
	foreignDelay = 10 * retryPause
	// crowdSize is how many waiting targets one shortPause is enough for.
	crowdSize = 25
	// foreignShare bounds what other programs make us search: one part in so many of a
	// core, unless that delays the search by more than foreignPause.
	foreignShare = 50
	foreignPause = 50 * retryPause
)

// retry is how long after the first tries the next one follows.
func retry(tries int, expected bool) time.Duration {
	if expected {
		return retryPause << (tries - 1)
	}
	return retryPause << (2 * tries)
}

func (h *Watch) expects(l Listener) bool { return slices.Contains(h.target.Ports, int(l.Addr.Port())) }

// tick lists the sockets once and resolves what it can.
func (w *Watcher) tick(watches []*Watch, now time.Time) {
	if len(watches) == 0 {
		return
	}
	all, err := w.table.listeners()
	if err != nil { // The next look may succeed.
		return
	}
	news := w.update(all, now)
	w.costs.add(time.Since(now))
	w.unowned = slices.DeleteFunc(w.unowned, func(u unownedSocket) bool { return w.sockets[u.Listener] == nil })
	w.addUnowned(watches, news, now)
	open := slices.ContainsFunc(w.unowned, func(u unownedSocket) bool { return !w.unownedDue(u).After(now) })
	for _, h := range watches {
		for _, s := range news {
			if h.expects(s.Listener) {
				h.lookUp(s, now, 0)
			}
		}
		if h.fresh {
			h.fresh = false
			w.lookUpOld(h, all, now)
		}
		h.pending = slices.DeleteFunc(h.pending, func(q *pendingLookup) bool { return w.sockets[q.Listener] == nil })
		open = open || len(h.pending) > 0
	}
	if open || len(news) > 0 {
		w.resolve(watches, now)
	}
	for _, h := range watches {
		w.tellClosed(h, now)
	}
}

// dueAt returns when to search for q. A socket on a port that h does not expect waits
// while others of its kind were searched for just now.
func (w *Watcher) dueAt(h *Watch, q *pendingLookup) time.Time {
	if !h.expects(q.Listener) && q.due.Before(w.foreignAfter) {
		return w.foreignAfter
	}
	return q.due
}

func (h *Watch) lookUp(s socket, due time.Time, tries int) {
	h.pending = append(h.pending, &pendingLookup{socket: s, tries: tries, due: due})
}

// lookUpOld looks up the sockets that were open before h was added, except those that
// every target will be searched for. Their owner runs already, so on other ports than
// the target's own one try is enough.
func (w *Watcher) lookUpOld(h *Watch, all []socket, now time.Time) {
	coming := make(map[Listener]bool, len(w.unowned))
	for _, u := range w.unowned {
		coming[u.Listener] = true
	}
	for _, s := range all {
		switch {
		case h.expects(s.Listener):
			if !slices.ContainsFunc(h.pending, func(q *pendingLookup) bool { return q.Listener == s.Listener }) {
				h.lookUp(s, now, 0)
			}
		case !coming[s.Listener] && w.sockets[s.Listener].mayBe(h):
			h.lookUp(s, now, foreignTries-1)
		}
	}
}

// resolve searches the targets that expect a port first. Mostly one of them owns the
// socket, and then no other tree has to be searched.
func (w *Watcher) resolve(watches []*Watch, now time.Time) {
	owner := map[Listener]*Watch{}
	for _, h := range watches {
		w.search(h, now, owner, true)
	}
	due := w.takeUnowned(watches, now)
	for _, h := range watches {
		for _, s := range due {
			if owner[s.Listener] == nil && !h.expects(s.Listener) {
				h.lookUp(s, now, 0)
			}
		}
		w.search(h, now, owner, false)
	}
	for _, h := range watches {
		w.conclude(h, now, owner)
	}
	if w.foreignSpent > 0 {
		w.foreignAfter = now.Add(min(foreignShare*w.foreignSpent, foreignPause))
		w.foreignSpent = 0
	}
}

// search looks for h's pending sockets in its tree, the expected ones or the others.
func (w *Watcher) search(h *Watch, now time.Time, owner map[Listener]*Watch, expected bool) {
	var among []socket
	if !expected {
		h.pending = slices.DeleteFunc(h.pending, func(q *pendingLookup) bool {
			return !h.expects(q.Listener) && !w.sockets[q.Listener].mayBe(h)
		})
	}
	for _, q := range h.pending {
		if h.expects(q.Listener) == expected && owner[q.Listener] == nil && !w.dueAt(h, q).After(now) {
			among = append(among, q.socket)
		}
	}
	if len(among) == 0 {
		return
	}
	began := time.Now()
	mine := w.ownedBy(h, among)
	if !expected {
		w.foreignSpent += time.Since(began)
	}
	h.pending = slices.DeleteFunc(h.pending, func(q *pendingLookup) bool {
		if !mine[q.Listener] {
			return false
		}
		owner[q.Listener] = h
		w.opened(h, q.Listener)
		return true
	})
}

// ownedBy returns those of among that h owns. Most services listen in their first
// process, or in its child where a shell stays. Looking there first saves the walk
// through /proc, which is most of what the watcher costs in the rows "flat start".
func (w *Watcher) ownedBy(h *Watch, among []socket) map[Listener]bool {
	mine := map[Listener]bool{}
	if owns := h.target.Owns; owns != nil {
		for _, s := range among {
			mine[s.Listener] = owns(s.Listener)
		}
		return mine
	}
	rest := among
	try := func(pids []int) {
		if len(rest) > 0 && len(pids) > 0 {
			maps.Copy(mine, w.table.owned(pids, rest))
			rest = slices.DeleteFunc(slices.Clone(rest), func(s socket) bool { return mine[s.Listener] })
		}
	}
	if leader := h.target.Leader; leader != 0 {
		try([]int{leader})
		if slices.ContainsFunc(rest, func(s socket) bool { return h.expects(s.Listener) }) {
			try(w.table.offspring(leader))
		}
	}
	if len(rest) > 0 {
		try(h.target.Tree())
	}
	return mine
}

// conclude drops, delays or reports what the search did not find.
func (w *Watcher) conclude(h *Watch, now time.Time, owner map[Listener]*Watch) {
	var strangers []socket
	h.pending = slices.DeleteFunc(h.pending, func(q *pendingLookup) bool {
		known := owner[q.Listener] != nil
		if w.dueAt(h, q).After(now) && !known {
			return false
		}
		q.tries++
		q.due = now.Add(retry(q.tries, h.expects(q.Listener)))
		if !h.expects(q.Listener) {
			return known || q.tries >= foreignTries
		}
		if known || q.tries >= strangerTries {
			strangers = append(strangers, q.socket)
			return true
		}
		return false
	})
	if len(strangers) > 0 {
		w.tellStrangers(h, strangers)
	}
}

// tellStrangers finds out who has the sockets. One of them may turn out to be h's.
func (w *Watcher) tellStrangers(h *Watch, strangers []socket) {
	found := w.table.holders(strangers)
	var tree []int
	if h.target.Owns == nil {
		tree = h.target.Tree()
	}
	for _, s := range strangers {
		who := found[s.Listener]
		hidden := !slices.ContainsFunc(who, func(o Holder) bool { return o.PID != 0 })
		switch {
		case slices.ContainsFunc(who, func(o Holder) bool { return slices.Contains(tree, o.PID) }),
			hidden && w.table.likely(tree, s):
			w.opened(h, s.Listener)
		case s.local():
			h.stranger(s.Listener, who)
		}
	}
}

func (w *Watcher) opened(h *Watch, l Listener) {
	if seen := w.sockets[l]; seen != nil {
		seen.owner = h
	}
	delete(h.missing, int(l.Addr.Port()))
	if h.target.Opened != nil && !h.gone() {
		h.target.Opened(l)
	}
}

func (h *Watch) stranger(l Listener, who []Holder) {
	if h.target.Stranger == nil || h.gone() {
		return
	}
	if len(who) == 0 {
		who = []Holder{{}}
	}
	h.target.Stranger(l, who[0])
}
