//go:build !portable

package proc

import (
	"os"
	"sync"
)

// idlePipe is what children read from that are to have an input, and to get nothing by it.
// Many programs end when their input does. Only this program holds the writing end, so the
// children see the end of their input when this program dies.
type idlePipe struct {
	mu   sync.Mutex
	r, w *os.File
}

// open returns a reading end, which the caller closes.
func (i *idlePipe) open(*Process) (*os.File, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.r == nil {
		var err error
		if i.r, i.w, err = newPipe(); err != nil {
			return nil, err
		}
	}
	return reopen(i.r)
}

func (i *idlePipe) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.r != nil {
		i.r.Close()
		i.w.Close()
	}
}
