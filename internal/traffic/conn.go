package traffic

import (
	"slices"

	"github.com/lhrun/lhrun/internal/decode"
)

const (
	// mostDone is how many finished exchanges of a connection are known again by their
	// number.
	mostDone = 16
	// mostEarly bounds the exchanges that are told before one with a lower number, and the
	// faults that are known before their exchange.
	mostEarly = 256
)

// Conn is one connection, whose exchanges a decoder numbers. It need not be closed.
type Conn struct {
	store *Store
	edge  Edge
	// number is 0, and live too, while the store has nothing of the connection.
	number uint32
	live   int

	// refs are the exchanges that are known again, oldest first; done of them have ended.
	refs []ref
	done int
	// next is the lowest number that was not seen yet, early are seen ones above it.
	next  int
	early []int
	// always is the fault of the whole connection, faults are those of exchanges to come.
	always uint32
	faults map[int]uint32
}

type ref struct {
	seq  int
	id   uint64
	done bool
}

// Open returns a new connection of an edge.
func (s *Store) Open(e Edge) *Conn { return &Conn{store: s, edge: e, next: 1} }

// From names the caller, once it is known.
func (c *Conn) From(name string) {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.number == 0 {
		c.edge.From = name
		return
	}
	s.names -= c.nameBytes()
	c.edge.From = name
	s.names += c.nameBytes()
	s.edges.add(c.edge)
	s.makeRoom(0, 0)
	for _, r := range c.refs {
		s.touch(r.id)
	}
}

func (c *Conn) nameBytes() int64 {
	return int64(len(c.edge.From) + len(c.edge.To) + len(c.edge.Port))
}

// Fault says that the fault of that name was done to the exchange seq, which may be told
// later; to the open exchange and all that come where seq is 0.
func (c *Conn) Fault(seq int, name string) {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	number := s.faultNumber(name)
	if seq == 0 {
		c.always = number
	}
	found := false
	for _, r := range c.refs {
		if first := s.index.at(r.id); first != 0 && (r.seq == seq || seq == 0 && !r.done) {
			s.blocks.slot(first).fault = number
			s.touch(r.id)
			found = true
		}
	}
	if seq == 0 || found || c.seen(seq) || len(c.faults) >= mostEarly {
		return
	}
	if c.faults == nil {
		c.faults = map[int]uint32{}
	}
	c.faults[seq] = number
}

func (s *Store) faultNumber(name string) uint32 {
	i := slices.Index(s.faults, name)
	if i < 0 && len(s.faults) < mostFaults {
		i = len(s.faults)
		s.faults = append(s.faults, name)
	}
	return uint32(max(0, i))
}

// Emit is a decode.Emit. It keeps nothing of x.
func (c *Conn) Emit(x decode.Exchange) {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if r := c.ref(x.Seq); r != nil {
		c.again(r, &x)
		return
	}
	if c.seen(x.Seq) || !s.put(c, s.index.end(), 0, &x) {
		s.stats.Dropped++
		c.see(x.Seq)
		return
	}
	c.see(x.Seq)
	id := s.index.end() - 1
	e := s.blocks.slot(s.index.at(id))
	e.fault = c.faultOf(x.Seq)
	c.remember(ref{x.Seq, id, e.ended})
	s.touch(id)
}

// again replaces what was told of an exchange before.
func (c *Conn) again(r *ref, x *decode.Exchange) {
	s, id := c.store, r.id
	first := s.index.at(id)
	if first == 0 || !s.put(c, id, first, x) {
		s.stats.Dropped++
		return
	}
	if done := !x.Ended.IsZero(); done != r.done {
		if r.done = done; done {
			c.done++
		} else {
			c.done--
		}
		c.trim()
	}
	s.touch(id)
}

func (c *Conn) faultOf(seq int) uint32 {
	number, early := c.faults[seq]
	if !early {
		return c.always
	}
	delete(c.faults, seq)
	return number
}

// ref is nil for what is not known again.
func (c *Conn) ref(seq int) *ref {
	for i := len(c.refs) - 1; i >= 0; i-- {
		if c.refs[i].seq == seq {
			return &c.refs[i]
		}
	}
	return nil
}

func (c *Conn) remember(r ref) {
	c.refs = append(c.refs, r)
	if r.done {
		c.done++
	}
	c.trim()
}

// trim forgets the oldest of the finished ones, and what was evicted, which is the oldest
// of all.
func (c *Conn) trim() {
	oldest := c.store.index.start()
	gone := 0
	for gone < len(c.refs) && c.refs[gone].id < oldest {
		if c.refs[gone].done {
			c.done--
		}
		gone++
	}
	c.refs = slices.Delete(c.refs, 0, gone)
	for c.done > mostDone {
		i := slices.IndexFunc(c.refs, func(r ref) bool { return r.done })
		c.refs = slices.Delete(c.refs, i, i+1)
		c.done--
	}
}

// seen reports whether an exchange of that number was told.
func (c *Conn) seen(seq int) bool { return seq < c.next || slices.Contains(c.early, seq) }

func (c *Conn) see(seq int) {
	if seq != c.next {
		if c.seen(seq) {
			return
		}
		if c.early = append(c.early, seq); len(c.early) <= mostEarly {
			return
		}
		c.next = slices.Min(c.early) - 1 // What lies between will not come any more.
	}
	for c.next++; slices.Contains(c.early, c.next); c.next++ {
		at := slices.Index(c.early, c.next)
		c.early = slices.Delete(c.early, at, at+1)
	}
}
