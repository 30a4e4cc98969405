package ports

import (
	"math"
	"slices"
	"sync"
	"time"
)

// Target is a service to watch.
type Target struct {
	// Ports are those that it is expected to listen on.
	Ports []int
	// Tree returns the live processes of the service, unless Owns is set. Listeners of a
	// process that is missing from it are a stranger's.
	Tree func() []int
	// Leader is the process of Tree that mostly listens. Tree is called only for what it
	// does not have. 0 means unknown.
	Leader int
	// Owns is asked instead of Tree for a service that is no process of this machine: it
	// reports whether a socket that is new is the service's, whichever process holds it.
	Owns func(Listener) bool
	// Started is when the service began. What was open before is not its own, unless it
	// is on one of Ports. Zero means unknown.
	Started time.Time
	// Opened is told, once per socket, that the service listens: on one of Ports or
	// anywhere else, since now or since before Add. It may be nil.
	Opened func(Listener)
	// Closed is told that a socket on one of Ports that Opened was told of has been
	// closed for ClosedAfter. It may be nil.
	Closed func(Listener)
	// Stranger is told, once per socket, that somebody else listens on one of Ports
	// where a client on loopback would reach it. It may be nil.
	Stranger func(Listener, Holder)
}

// ClosedAfter keeps a service that listens anew after a moment, as one does that reloads
// its code, from being told of.
const ClosedAfter = 2 * time.Second

// Watcher looks for listening sockets on behalf of any number of targets. One goroutine
// does so and makes all their calls, which must return soon and must not call Close.
//
// It looks every millisecond while a target waits for its Ports, every 4 ms where
// hundreds wait, up to every 50 ms where one waits long or a look takes long, and every
// 750 ms otherwise. It never sees a socket that opens and closes between two looks, nor
// one in another network namespace. A process that hides its files from this user, such
// as one with another user's rights, counts as the owner only of its Target's Ports, and
// only when nobody else visible has them. Outside of Linux a look costs far more, so
// these times are longer, and the Watcher may see only processes of this user.
type Watcher struct {
	table table
	waker waker
	quit  chan struct{}
	ended chan struct{}
	close sync.Once

	mu      sync.Mutex
	watches []*Watch
	// changed means that there are other watches than at the last look. nextLook is when
	// the watcher wakes up; zero means not by itself.
	changed  bool
	nextLook time.Time

	// The rest belongs to the goroutine.
	now     []*Watch
	sockets map[Listener]*knownSocket
	look    int
	// missed means that a service's socket was not in the last dump.
	missed  bool
	unowned []unownedSocket
	costs   costs
	// foreignAfter is when sockets that nobody expects are searched for again, and
	// foreignSpent how long that took at the last look.
	foreignAfter time.Time
	foreignSpent time.Duration
}

// Watch is a Target under watch.
type Watch struct {
	target  Target
	watcher *Watcher
	added   time.Time

	// These two are guarded by watcher.mu.
	removed bool
	settled bool

	// The rest belongs to the watcher's goroutine.
	fresh   bool
	missing map[int]bool // Ports that nothing of the tree listens on yet
	pending []*pendingLookup
	closed  []closedSocket
}

// NewWatcher starts a watcher. It does nothing until something is added.
func NewWatcher() *Watcher { return watch(newTable(), newWaker()) }

func watch(t table, wake waker) *Watcher {
	w := &Watcher{
		table:   t,
		waker:   wake,
		quit:    make(chan struct{}),
		ended:   make(chan struct{}),
		sockets: map[Listener]*knownSocket{},
	}
	w.prime()
	go w.run()
	return w
}

// Add watches t until Remove. It reports sockets that are open already as well. A
// service that starts again is added again.
func (w *Watcher) Add(t Target) *Watch {
	h := &Watch{target: t, watcher: w, added: time.Now(), fresh: true, missing: map[int]bool{}}
	for _, port := range t.Ports {
		h.missing[port] = true
	}
	w.mu.Lock()
	w.watches, w.changed = append(w.watches, h), true
	late := w.nextLook.IsZero() || time.Until(w.nextLook) > crowdPause
	w.mu.Unlock()
	if late { // Otherwise hundreds that start would double the looks.
		w.waker.wake()
	}
	return h
}

// Settle means that nobody waits for the target's ports any more. The watcher still
// looks for it, but less often.
func (h *Watch) Settle() {
	h.watcher.mu.Lock()
	defer h.watcher.mu.Unlock()
	h.settled = true
}

// Remove ends the watch. A call that is under way may still arrive.
func (h *Watch) Remove() {
	w := h.watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	h.removed, w.changed = true, true
	w.watches = slices.DeleteFunc(w.watches, func(o *Watch) bool { return o == h })
}

// Close ends every watch and waits for a call that is under way.
func (w *Watcher) Close() {
	w.close.Do(func() {
		close(w.quit)
		w.waker.wake()
	})
	<-w.ended
}

func (w *Watcher) run() {
	defer close(w.ended)
	defer w.table.close()
	defer w.waker.close()
	for !w.closed() {
		now := time.Now()
		watches := w.current()
		w.tick(watches, now)
		w.waker.sleep(w.untilNext(w.pause(watches, now)))
	}
}

// untilNext returns pause, or the shortest one if the watches have changed meanwhile.
func (w *Watcher) untilNext(pause time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed {
		pause = shortPause
	}
	w.nextLook = time.Time{}
	if pause > 0 {
		w.nextLook = time.Now().Add(pause)
	}
	return pause
}

func (w *Watcher) closed() bool {
	select {
	case <-w.quit:
		return true
	default:
		return false
	}
}

func (w *Watcher) current() []*Watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changed {
		w.now, w.changed = slices.Clone(w.watches), false
	}
	return w.now
}

// waiting reports whether somebody waits for a port of h.
func (h *Watch) waiting() bool {
	h.watcher.mu.Lock()
	defer h.watcher.mu.Unlock()
	return h.waits()
}

// waits is waiting for callers that hold the lock.
func (h *Watch) waits() bool { return len(h.missing) > 0 && !h.settled && !h.removed }

func (h *Watch) gone() bool {
	h.watcher.mu.Lock()
	defer h.watcher.mu.Unlock()
	return h.removed
}

// pause returns how long the next look can wait; 0 means for ever.
func (w *Watcher) pause(watches []*Watch, now time.Time) time.Duration {
	if len(watches) == 0 {
		return 0
	}
	next, waiting, waited := idlePause, 0, time.Duration(math.MaxInt64)
	if w.missed {
		next = longPause
	}
	for _, u := range w.unowned {
		next = min(next, max(w.unownedDue(u).Sub(now), shortPause))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range watches {
		if h.waits() {
			waiting++
			waited = min(waited, now.Sub(h.added))
		}
		for _, q := range h.pending {
			next = min(next, max(w.dueAt(h, q).Sub(now), shortPause))
		}
		for _, c := range h.closed {
			next = min(next, c.pause(now))
		}
	}
	if waiting > 0 {
		next = min(next, w.waitingPause(waiting, waited))
	}
	return next
}

// waitingPause returns a hundredth of the shortest wait so far, within bounds, and at
// least ten times the cost of a look. It is longer where many wait, so that the cost of
// looking does not grow with their number.
func (w *Watcher) waitingPause(waiting int, waited time.Duration) time.Duration {
	crowd := min(time.Duration(waiting)*shortPause/crowdSize, crowdPause)
	return min(max(waited/100, 10*w.costs.least(), shortPause, crowd), longPause)
}

// costs records how long the last looks took. The shortest tells what a look costs: where
// all cores are busy, as when many services start, the others were mostly waiting.
type costs struct {
	last [8]time.Duration
	n    int
}

func (c *costs) add(d time.Duration) {
	c.last[c.n%len(c.last)] = d
	c.n++
}

func (c *costs) least() time.Duration {
	if c.n == 0 {
		return 0
	}
	return slices.Min(c.last[:min(c.n, len(c.last))])
}
