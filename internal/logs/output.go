package logs

import (
	"io"
	"sync"
)

// output is where a sink writes. Its first error stays: after EPIPE or ENOSPC
// nothing more is tried, and whoever waits for failed can stop in order.
type output struct {
	w      io.Writer
	once   sync.Once
	failed chan struct{}
	errMu  sync.Mutex
	err    error
}

func newOutput(w io.Writer) *output { return &output{w: w, failed: make(chan struct{})} }

func (o *output) write(b []byte) error {
	if err := o.Err(); err != nil || len(b) == 0 {
		return err
	}
	_, err := o.w.Write(b)
	if err != nil {
		o.errMu.Lock()
		defer o.errMu.Unlock()
		o.err = err
		o.once.Do(func() { close(o.failed) })
	}
	return err
}

// Err returns the first write error.
func (o *output) Err() error {
	o.errMu.Lock()
	defer o.errMu.Unlock()
	return o.err
}

// Failed is closed after the first write error.
func (o *output) Failed() <-chan struct{} { return o.failed }
