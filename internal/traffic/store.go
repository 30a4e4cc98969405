package traffic

import (
	"sync"
	"time"
	"unsafe"

	"github.com/lhrun/lhrun/internal/decode"
)

const (
	// leastMemory is the smallest that a Store works with, in bytes.
	leastMemory = 1 << 20
	// entryCost is what an entry takes besides its blocks, in bytes: its place in the
	// index, which doubles when it grows, and in the connection's list of open ones.
	entryCost = 48
	// connCost is what a connection with entries takes, its names not counted.
	connCost = 1 << 10
	// mostFaults bounds the names of faults that are told apart.
	mostFaults = 1000
	// share is how much of the memory one exchange gets at the most: a quarter for its
	// messages, and for its bodies another.
	share = 4
	// keptScratch is how much of the memory in which exchanges are packed stays, in bytes.
	keptScratch = 1 << 20
)

// Store keeps exchanges within a number of bytes; the oldest go first, finished or not.
// It may be used by many goroutines at once.
type Store struct {
	memory int64

	mu     sync.Mutex
	blocks *blocks
	index  index
	conns  map[uint32]*Conn
	// names are the bytes of the conns' names.
	names    int64
	lastConn uint32
	faults   []string
	scratch  []byte
	changes  changes
	mask     Mask
	edges    edges
	stats    Stats
	closed   bool
}

// slot is what the store knows of an entry without unpacking it. It lies in the entry's
// first block, and the packed head behind it.
type slot struct {
	id    uint64
	began int64
	// messageAt and messageSize are those of the last message, by which its place in a
	// later emission is known again.
	messageAt, messageSize   int64
	conn, fault              uint32
	head, bodies             uint32
	messages, tail, tailAt   uint32
	messageBytes             uint32
	messageCount, messageOff uint32
	ended                    bool
}

// headAt is where in its first block an entry's head begins.
const headAt = blockHead + uint32(unsafe.Sizeof(slot{}))

// Stats says how full a Store is, and what it has lost.
type Stats struct {
	// Memory is the bound and Used what is counted of it, in bytes.
	Memory int64 `json:"memory"`
	Used   int64 `json:"used"`
	// Kept are there; Seen were ever there; Evicted had to make room; Dropped are
	// emissions that came for an evicted one, or did not fit; Cleared were asked to go.
	Kept    uint64 `json:"kept"`
	Seen    uint64 `json:"seen"`
	Evicted uint64 `json:"evicted"`
	Dropped uint64 `json:"dropped"`
	Cleared uint64 `json:"cleared"`
	// Edges are those of which anything was ever seen, sorted.
	Edges []Edge `json:"edges"`
	// Hide are the names that are masked.
	Hide []string `json:"hide"`
}

// NewStore returns a Store for so many bytes, at least 1 MiB.
func NewStore(memory int64) *Store {
	s := &Store{memory: max(memory, leastMemory), conns: map[uint32]*Conn{}, faults: []string{""}}
	s.blocks = newBlocks(s.memory)
	s.mask = NewMask(DefaultHide, nil)
	return s
}

// SetMask has what is served masked with m from now on. Without it, DefaultHide is.
func (s *Store) SetMask(m Mask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mask = m
}

// Close gives the memory back. What comes after is dropped.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.forget()
		s.closed = true
		release(s.blocks.mem)
		s.blocks.mem = nil
	}
}

// Clear forgets all exchanges, and returns how many those were. Numbers go on.
func (s *Store) Clear() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.index.len()
	if !s.closed {
		s.forget()
		s.stats.Cleared += n
	}
	return n
}

func (s *Store) forget() {
	s.index.drop()
	for _, c := range s.conns {
		c.number, c.live = 0, 0
	}
	clear(s.conns)
	s.names = 0
	s.blocks.clear()
}

// Stats tells how the store is.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Memory, st.Used, st.Kept, st.Seen = s.memory, s.used(), s.index.len(), s.index.end()-1
	st.Edges, st.Hide = s.edges.sorted(), s.mask.Names()
	return st
}

// used is all that is kept, in bytes.
func (s *Store) used() int64 {
	return int64(s.blocks.used)*blockSize + int64(s.index.len())*entryCost + int64(len(s.conns))*connCost + s.names + changesCost
}

// makeRoom evicts the oldest until so many more blocks and other bytes fit.
func (s *Store) makeRoom(blocks int, others int64) bool {
	fits := func() bool {
		return s.blocks.left() >= blocks && s.used()+int64(blocks)*blockSize+others <= s.memory
	}
	for !fits() {
		if s.index.len() == 0 {
			return false
		}
		s.evict()
	}
	return true
}

func (s *Store) evict() {
	first := s.index.pop()
	e := s.blocks.slot(first)
	c := s.conns[e.conn]
	s.blocks.release(e.messages)
	s.blocks.release(first)
	s.stats.Evicted++
	if c.live--; c.live == 0 {
		delete(s.conns, c.number)
		s.names -= c.nameBytes()
		c.number = 0
	}
}

// put packs x into the blocks of the entry id, whose conn is c; first is 0 for a new one.
// It reports whether the entry is there.
func (s *Store) put(c *Conn, id uint64, first uint32, x *decode.Exchange) bool {
	head, bodies := s.pack(x)
	need, others := s.needs(c, first, len(head)+len(bodies))
	if !s.makeRoom(need, others) || first != 0 && s.index.at(id) == 0 {
		return false
	}
	if first == 0 {
		first = s.add(c)
	}
	e := s.blocks.slot(first)
	e.began, e.ended = x.Began.UnixNano(), !x.Ended.IsZero()
	e.head, e.bodies = uint32(len(head)), uint32(len(bodies))
	end := s.blocks.write(s.blocks.write(chain{first, headAt}, head), bodies)
	s.blocks.release(s.blocks.next(end.block))
	s.blocks.setNext(end.block, 0)
	return s.putMessages(e, x)
}

// pack returns x in two parts, good until the next one is packed. Of an exchange that is
// too large the bodies are left out.
func (s *Store) pack(x *decode.Exchange) (head, bodies []byte) {
	if cap(s.scratch) > keptScratch {
		s.scratch = nil
	}
	p := packer{s.scratch[:0]}
	p.head(x)
	n := len(p.b)
	if int64(n+len(x.Request.Body)+len(x.Response.Body)) < s.memory/share {
		p.bodies(x)
	} else {
		p.bodies(&decode.Exchange{})
	}
	s.scratch = p.b
	return p.b[:n], p.b[n:]
}

// needs is what size packed bytes take besides what the entry has.
func (s *Store) needs(c *Conn, first uint32, size int) (blocks int, others int64) {
	total := 1 + s.blocks.blocksFor(chain{1, headAt}, size)
	if first == 0 { // The last entry of c may have to go for this one, and c with it.
		return total, entryCost + connCost + c.nameBytes()
	}
	for n := first; n != 0; n = s.blocks.next(n) {
		total--
	}
	return max(0, total), 0
}

// add makes the entry that the index numbers next.
func (s *Store) add(c *Conn) uint32 {
	first := s.blocks.take()
	if c.number == 0 {
		s.lastConn++
		c.number = s.lastConn
		s.conns[c.number] = c
		s.names += c.nameBytes()
		s.edges.add(c.edge)
	}
	c.live++
	*s.blocks.slot(first) = slot{id: s.index.push(first), conn: c.number}
	return first
}

// putMessages appends what x has more of messages than the entry.
func (s *Store) putMessages(e *slot, x *decode.Exchange) bool {
	n := int(e.messageCount)
	if n > len(x.Messages) || n > 0 && !e.isLast(&x.Messages[n-1]) {
		s.blocks.release(e.messages)
		e.messages, e.tail, e.messageBytes, e.messageCount, e.messageOff, n = 0, 0, 0, 0, 0, 0
	}
	id := e.id
	for i := range x.Messages[n:] {
		if !s.putMessage(e, &x.Messages[n+i]) || s.index.at(id) == 0 {
			return false
		}
	}
	return true
}

func (e *slot) isLast(m *decode.Message) bool {
	return nano(m.At) == e.messageAt && m.Size == e.messageSize
}

// putMessage appends m, or counts it where the exchange has had its share of the memory.
func (s *Store) putMessage(e *slot, m *decode.Message) bool {
	e.messageCount++
	e.messageAt, e.messageSize = nano(m.At), m.Size
	p := packer{s.scratch[:0]}
	p.message(m)
	s.scratch = p.b
	if int64(e.messageBytes)+int64(len(p.b)) > s.memory/share {
		e.messageOff++
		return true
	}
	id, tail := e.id, chain{e.tail, e.tailAt}
	if !s.makeRoom(s.blocks.blocksFor(tail, len(p.b)), 0) || s.index.at(id) == 0 {
		return false
	}
	if tail.block == 0 {
		tail = s.blocks.extend(tail)
		e.messages = tail.block
	}
	tail = s.blocks.write(tail, p.b)
	e.tail, e.tailAt = tail.block, tail.at
	e.messageBytes += uint32(len(p.b))
	return true
}

// Get returns a whole entry as it was seen, nothing masked, and reports whether it is there.
func (s *Store) Get(id uint64) (Entry, bool) { return s.get(id, true) }

func (s *Store) get(id uint64, whole bool) (Entry, bool) {
	e, head, messages, off, ok := s.copy(id, whole)
	if !ok {
		return Entry{}, false
	}
	u := unpacker{b: head}
	e.Exchange = u.head()
	if whole {
		u.bodies(&e.Exchange)
		m := unpacker{b: messages}
		e.Messages = m.messages()
	}
	e.Left += off
	return e, u.err == nil
}

// copy takes an entry's bytes out, for a reader that unpacks them without holding anybody up.
func (s *Store) copy(id uint64, whole bool) (e Entry, head, messages []byte, off int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.index.at(id)
	if first == 0 {
		return e, nil, nil, 0, false
	}
	sl := s.blocks.slot(first)
	e.ID, e.Edge, e.Fault = id, s.conns[sl.conn].edge, s.faults[sl.fault]
	size := int(sl.head)
	if whole {
		size += int(sl.bodies)
		messages = s.blocks.read(chain{sl.messages, blockHead}, int(sl.messageBytes))
	}
	return e, s.blocks.read(chain{first, headAt}, size), messages, int(sl.messageOff), true
}

// glance is what a reader wants to know before it has an entry unpacked.
type glance struct {
	edge  Edge
	began time.Time
}

func (s *Store) glance(id uint64) (g glance, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.index.at(id)
	if first == 0 {
		return g, false
	}
	e := s.blocks.slot(first)
	return glance{s.conns[e.conn].edge, fromNano(e.began)}, true
}

// bounds are the numbers of the oldest entry and of the one that comes next.
func (s *Store) bounds() (from, to uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index.start(), s.index.end()
}
