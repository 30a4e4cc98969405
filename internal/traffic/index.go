package traffic

import (
	"cmp"
	"slices"
)

// index finds the first block of an entry by its number. Entries come at the end and go
// at the beginning, so it is a ring. The zero index numbers from 1 on.
type index struct {
	ring []uint32
	// popped are the numbers that are gone, pushed those that ever were.
	popped, pushed uint64
}

func (x *index) len() uint64   { return x.pushed - x.popped }
func (x *index) start() uint64 { return x.popped + 1 }
func (x *index) end() uint64   { return x.pushed + 1 }

func (x *index) place(id uint64) *uint32 { return &x.ring[id&uint64(len(x.ring)-1)] }

// at is 0 for what is not there.
func (x *index) at(id uint64) uint32 {
	if id < x.start() || id >= x.end() {
		return 0
	}
	return *x.place(id)
}

// push numbers first.
func (x *index) push(first uint32) (id uint64) {
	if x.len() == uint64(len(x.ring)) {
		x.grow()
	}
	x.pushed++
	*x.place(x.pushed) = first
	return x.pushed
}

func (x *index) grow() {
	old := *x
	x.ring = make([]uint32, max(64, 2*len(old.ring)))
	for id := old.start(); id < old.end(); id++ {
		*x.place(id) = *old.place(id)
	}
}

// pop removes the oldest.
func (x *index) pop() (first uint32) {
	x.popped++
	return *x.place(x.popped)
}

// drop removes all.
func (x *index) drop() { x.ring, x.popped = nil, x.pushed }

// mostEdges bounds the edges that are told, as callers from outside have any names.
const mostEdges = 1000

// edges are those of which something was seen.
type edges struct{ all map[Edge]bool }

func (e *edges) add(edge Edge) {
	if e.all == nil {
		e.all = map[Edge]bool{}
	}
	if len(e.all) < mostEdges {
		e.all[Edge{From: edge.From, To: edge.To}] = true
	}
}

func (e *edges) sorted() []Edge {
	out := make([]Edge, 0, len(e.all))
	for edge := range e.all {
		out = append(out, edge)
	}
	slices.SortFunc(out, func(a, b Edge) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return out
}
