package logs

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
)

// taps look at lines as they pass. The list is replaced, never changed, so that
// a stream without taps pays one load a block.
type taps struct {
	mu   sync.Mutex
	list atomic.Pointer[[]*tap]
}

type tap struct{ see func(line []byte) }

func (t *taps) add(f func(line []byte)) (remove func()) {
	added := &tap{f}
	t.change(func(list []*tap) []*tap { return append(list, added) })
	return func() {
		t.change(func(list []*tap) []*tap {
			return slices.DeleteFunc(list, func(o *tap) bool { return o == added })
		})
	}
}

func (t *taps) change(f func([]*tap) []*tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var old []*tap
	if p := t.list.Load(); p != nil {
		old = *p
	}
	list := f(slices.Clone(old))
	t.list.Store(&list)
}

// see shows each line of block, without its end, to every tap.
func (t *taps) see(block []byte) {
	if !t.any() {
		return
	}
	for len(block) > 0 {
		end := bytes.IndexByte(block, '\n')
		eachState(bytes.TrimRight(block[:end], "\r"), t.call)
		block = block[end+1:]
	}
}

// preview shows the current state of a line that is redrawn, as its end may never come.
func (t *taps) preview(line []byte) {
	if t.any() {
		t.call(appendText(nil, line, false))
	}
}

func (t *taps) any() bool {
	p := t.list.Load()
	return p != nil && len(*p) > 0
}

func (t *taps) call(line []byte) {
	for _, tap := range *t.list.Load() {
		tap.see(line)
	}
}

// mostStates bounds, in bytes, the states of one line that are shown.
const mostStates = 1 << 20

// eachState calls f with line as it was written. If line draws over itself, it calls f with
// each text that a terminal has shown of it, without colours.
func eachState(line []byte, f func([]byte)) {
	if plain(line) {
		f(line)
		return
	}
	if _, state := appendOpen(nil, line, false); !state.scattered {
		f(line)
		return
	}
	c, left := newCanvas(), mostStates
	c.state = func(r *row) {
		if left > 0 {
			text := r.appendTo(nil, false)
			left -= len(text)
			f(text)
		}
	}
	c.draw(line)
	for _, r := range c.rows {
		if r.changed {
			f(r.appendTo(nil, false))
		}
	}
}
