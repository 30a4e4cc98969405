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
	p := t.list.Load()
	if p == nil || len(*p) == 0 {
		return
	}
	for len(block) > 0 {
		end := bytes.IndexByte(block, '\n')
		line := bytes.TrimSuffix(block[:end], []byte{'\r'})
		for _, tap := range *p {
			tap.see(line)
		}
		block = block[end+1:]
	}
}
