package ports

import (
	"maps"
	"slices"
	"time"
)

// question is a socket of which one target does not know yet whose it is.
type question struct {
	socket
	// tries are the times it was looked for in the target's tree.
	tries int
	due   time.Time
}

const (
	// A child's child may be missing from the tree for a moment, and a socket
	// from a process between fork and exec. So nobody is called a stranger
	// before so many tries, at growing distances: after some 35 ms.
	strangerTries = 4
	// A listener on a port that nobody watches is forgotten after some 400 ms. Few
	// tries: each searches every tree, for whatever the machine's programs open.
	foreignTries = 4
	// A service may listen before it is watched. So nobody else is asked at once:
	// with five hundred starting that was a third of the watcher's work.
	foreignDelay = 10 * retryPause
	// crowdSize is for how many that wait one shortPause is enough.
	crowdSize = 25
	// foreignShare bounds what the machine's other programs make us search: one part
	// in so many of a core, unless that puts it off for longer than foreignPause.
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

func (h *Watch) expects(s socket) bool { return slices.Contains(h.target.Ports, int(s.Addr.Port())) }

// tick looks once and answers what can be answered.
func (w *Watcher) tick(watches []*Watch, now time.Time) {
	if len(watches) == 0 {
		return
	}
	all, err := w.table.listeners()
	if err != nil { // nothing was seen; the next look may
		return
	}
	news := w.sight(all, now)
	w.costs.add(time.Since(now))
	w.unclaimed = slices.DeleteFunc(w.unclaimed, func(u unclaimed) bool { return w.sockets[u.Listener] == nil })
	w.claim(watches, news, now)
	open := slices.ContainsFunc(w.unclaimed, func(u unclaimed) bool { return !w.unclaimedAt(u).After(now) })
	for _, h := range watches {
		for _, s := range news {
			if h.expects(s) {
				h.ask(s, now, 0)
			}
		}
		if h.fresh {
			h.fresh = false
			w.askOld(h, all, now)
		}
		h.questions = slices.DeleteFunc(h.questions, func(q *question) bool { return w.sockets[q.Listener] == nil })
		open = open || len(h.questions) > 0
	}
	if open || len(news) > 0 {
		w.answer(watches, now)
	}
}

// dueAt is when q is looked for: sockets on ports that nobody here expects are put
// off while others of them were looked for just now.
func (w *Watcher) dueAt(h *Watch, q *question) time.Time {
	if !h.expects(q.socket) && q.due.Before(w.foreignAfter) {
		return w.foreignAfter
	}
	return q.due
}

func (h *Watch) ask(s socket, due time.Time, tries int) {
	h.questions = append(h.questions, &question{socket: s, tries: tries, due: due})
}

// askOld asks for what was open before h came, but for what everybody will be asked
// for. Only a process that started before h, of its own tree, can have that, and is
// found at once, so one try is enough elsewhere than on the target's own ports.
func (w *Watcher) askOld(h *Watch, all []socket, now time.Time) {
	coming := make(map[Listener]bool, len(w.unclaimed))
	for _, u := range w.unclaimed {
		coming[u.Listener] = true
	}
	for _, s := range all {
		switch {
		case h.expects(s):
			if !slices.ContainsFunc(h.questions, func(q *question) bool { return q.Listener == s.Listener }) {
				h.ask(s, now, 0)
			}
		case !coming[s.Listener] && w.sockets[s.Listener].mayBe(h):
			h.ask(s, now, foreignTries-1)
		}
	}
}

// answer asks the targets that expect a port first: they mostly have it, and
// then no other one is asked, whose tree would have to be searched.
func (w *Watcher) answer(watches []*Watch, now time.Time) {
	owner := map[Listener]*Watch{}
	for _, h := range watches {
		w.search(h, now, owner, true)
	}
	due := w.takeUnclaimed(watches, now)
	for _, h := range watches {
		for _, s := range due {
			if owner[s.Listener] == nil && !h.expects(s) {
				h.ask(s, now, 0)
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

// search looks for the sockets in question in the tree of h.
func (w *Watcher) search(h *Watch, now time.Time, owner map[Listener]*Watch, expected bool) {
	var among []socket
	if !expected {
		h.questions = slices.DeleteFunc(h.questions, func(q *question) bool {
			return !h.expects(q.socket) && !w.sockets[q.Listener].mayBe(h)
		})
	}
	for _, q := range h.questions {
		if h.expects(q.socket) == expected && owner[q.Listener] == nil && !w.dueAt(h, q).After(now) {
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
	h.questions = slices.DeleteFunc(h.questions, func(q *question) bool {
		if !mine[q.Listener] {
			return false
		}
		owner[q.Listener] = h
		if seen := w.sockets[q.Listener]; seen != nil {
			seen.owner = h
		}
		h.opened(q.Listener)
		return true
	})
}

// ownedBy returns those of among that h's tree has. Most services listen in their
// first process, or in the one below it where a shell stays: to look there first
// saves the walk through /proc that finds the others, the larger part of what a
// start costs the watcher.
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
		if slices.ContainsFunc(rest, h.expects) {
			try(w.table.offspring(leader))
		}
	}
	if len(rest) > 0 {
		try(h.target.Tree())
	}
	return mine
}

// conclude drops, puts off or answers what the search left open.
func (w *Watcher) conclude(h *Watch, now time.Time, owner map[Listener]*Watch) {
	var strangers []socket
	h.questions = slices.DeleteFunc(h.questions, func(q *question) bool {
		known := owner[q.Listener] != nil
		if w.dueAt(h, q).After(now) && !known {
			return false
		}
		q.tries++
		q.due = now.Add(retry(q.tries, h.expects(q.socket)))
		if !h.expects(q.socket) {
			return known || q.tries >= foreignTries
		}
		if known || q.tries >= strangerTries {
			strangers = append(strangers, q.socket)
			return true
		}
		return false
	})
	if len(strangers) > 0 {
		w.tell(h, strangers)
	}
}

// tell finds out who the strangers are; one may turn out to be none.
func (w *Watcher) tell(h *Watch, strangers []socket) {
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
			h.opened(s.Listener)
		case s.local():
			h.stranger(s.Listener, who)
		}
	}
}

func (h *Watch) opened(l Listener) {
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
