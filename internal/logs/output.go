package logs

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"
)

// output writes for a sink. An error such as EPIPE is final: output tries nothing more and
// closes failed, so that others can stop in order. A full disk is not: output drops what
// does not fit, tries again once a second, and says how much is missing.
type output struct {
	w io.Writer
	// gap makes the line that says so.
	gap    func(missing int64, cause error) []byte
	once   sync.Once
	failed chan struct{}

	errMu sync.Mutex
	err   error
	full  func(error)

	// The sink's mutex guards the rest: sinks write one at a time.
	cause   error // why the disk takes nothing; nil if it does
	missing int64
	torn    bool // the last byte on disk does not end a line
	retry   time.Time
}

// busyPause is the pause before an output that is not ready is tried again.
const busyPause = 5 * time.Millisecond

func newOutput(w io.Writer, gap func(int64, error) []byte) *output {
	return &output{w: w, gap: gap, failed: make(chan struct{})}
}

func (o *output) write(b []byte) error {
	if err := o.Err(); err != nil || len(b) == 0 {
		return err
	}
	if o.cause != nil && !o.resume() {
		o.missing += int64(len(b))
		return o.Err()
	}
	n, err := o.put(b)
	if err == nil {
		return nil
	}
	if takesNothing(err) {
		o.refused(b, n, err)
		return nil
	}
	return o.fail(err)
}

// put writes b and returns how much of it was taken. It waits for an output that another
// process has made non-blocking.
func (o *output) put(b []byte) (n int, err error) {
	for {
		m, err := o.w.Write(b[n:])
		n += m
		if !errors.Is(err, syscall.EAGAIN) {
			return n, err
		}
		time.Sleep(busyPause)
	}
}

// takesNothing reports whether writing works again once somebody makes room.
func takesNothing(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// refused counts what is missing when only n bytes of b were taken.
func (o *output) refused(b []byte, n int, err error) {
	o.missing += int64(len(b) - n)
	if n > 0 {
		o.torn = b[n-1] != '\n'
	}
	o.retry = time.Now().Add(retryEvery)
	if o.cause == nil {
		o.errMu.Lock()
		defer o.errMu.Unlock()
		if o.full != nil {
			go o.full(err)
		}
	}
	o.cause = err
}

// resume tries to write the line that says what is missing, and reports whether it could.
func (o *output) resume() bool {
	if time.Now().Before(o.retry) {
		return false
	}
	line := o.gap(o.missing, rootCause(o.cause))
	if o.torn {
		line = append([]byte{'\n'}, line...)
	}
	switch n, err := o.put(line); {
	case err == nil:
		o.cause, o.missing, o.torn = nil, 0, false
		return true
	case takesNothing(err):
		o.refused(line, n, err)
		o.missing -= int64(len(line) - n)
	default:
		_ = o.fail(err)
	}
	return false
}

func (o *output) fail(err error) error {
	o.errMu.Lock()
	defer o.errMu.Unlock()
	o.err = err
	o.once.Do(func() { close(o.failed) })
	return err
}

func gapText(missing int64, cause error) string {
	return fmt.Sprintf("%d bytes are missing here: %v", missing, cause)
}

// OnFull sets a function that is called, in its own goroutine, whenever the disk behind
// the output becomes full. The store, which may be on another disk, goes on.
func (o *output) OnFull(f func(error)) {
	o.errMu.Lock()
	defer o.errMu.Unlock()
	o.full = f
}

// Err returns the write error that was final, if any.
func (o *output) Err() error {
	o.errMu.Lock()
	defer o.errMu.Unlock()
	return o.err
}

// Failed closes after such an error.
func (o *output) Failed() <-chan struct{} { return o.failed }
