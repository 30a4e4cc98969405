//go:build unix

package logs

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// drainLimit bounds what is taken after a deadline: the largest pipe an ordinary
// user may have, so that an escaped writer cannot hold the reader for ever.
const drainLimit = 1 << 20

// buffer holds a pending line, a chunk and one byte more.
type buffer [maxLine + chunkSize + 1]byte

// buffers are lent to a reader only while there is something to read. An idle service
// holds none, or the rows "idle with 50 services, memory" and "500" would be missed.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// readChunks gives c what r holds, until its end, its deadline or its closing.
func readChunks(r *os.File, c *copier) error {
	raw, err := r.SyscallConn()
	if err != nil {
		return ended(r, err)
	}
	in := &reading{c: c}
	defer in.end()
	step := in.read
	for {
		err := raw.Read(step)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return ended(r, in.drain(raw))
		}
		if err != nil {
			return ended(r, err)
		}
		if !in.pass() {
			return ended(r, in.err)
		}
	}
}

// reading is one pipe being read.
type reading struct {
	c   *copier
	buf *buffer
	// have bytes were pending, n are new.
	have, n int
	// full says that a chunk was full once, as the writer is faster; wide says that its
	// pipe was widened then.
	full, wide bool
	// err is nil at the end of file as well.
	err error
}

// read takes a chunk. It returns false when there was nothing to read yet: then
// raw.Read waits and calls it again. The chunk is passed on after raw.Read, for
// r.Close waits for what runs inside.
func (in *reading) read(fd uintptr) bool {
	in.c.take()
	in.buf = buffers.Get().(*buffer)
	in.have = copy(in.buf[:], in.c.pending())
	for {
		in.n, in.err = syscall.Read(int(fd), in.buf[in.have:in.have+chunkSize])
		if in.err != syscall.EINTR {
			break
		}
	}
	if in.n == chunkSize && !in.full {
		in.full, in.wide = true, widen(fd)
	}
	if in.n <= 0 {
		in.c.kept()
		in.giveBack()
	}
	return in.err != syscall.EAGAIN
}

// pass gives the chunk to the copier; false when there was none.
func (in *reading) pass() bool {
	if in.n <= 0 {
		return false
	}
	in.c.took(in.buf[:in.have+in.n], in.n)
	in.giveBack()
	return true
}

// giveBack also forgets the buffer: one that is only remembered is kept alive.
func (in *reading) giveBack() {
	buffers.Put(in.buf)
	in.buf = nil
}

func (in *reading) end() {
	if in.wide {
		narrowed()
	}
}

// drain takes what is in the pipe, without waiting for more. Control, unlike
// Read, does not mind the deadline.
func (in *reading) drain(raw syscall.RawConn) error {
	for left := drainLimit; left > 0; left -= in.n {
		if err := raw.Control(func(fd uintptr) { in.read(fd) }); err != nil {
			return err
		}
		if !in.pass() {
			break
		}
	}
	if in.err == syscall.EAGAIN {
		return nil
	}
	return in.err
}

// ended tells the ways in which a pipe comes to its end from trouble. A
// pseudo-terminal whose last user is gone answers EIO. A raw read of a closed
// file fails with an error that has no name; an ordinary one gives it its own.
func ended(r *os.File, err error) error {
	if errors.Is(err, syscall.EIO) {
		return nil
	}
	if err != nil {
		if _, closed := r.Read(nil); errors.Is(closed, os.ErrClosed) {
			return nil
		}
	}
	return err
}
