package front

import (
	"bytes"
	"io"
	"sync"
)

// replay is the body of a request, of which another try can have the beginning again.
type replay struct {
	from io.Reader
	mu   sync.Mutex
	// begun is what has been read of from, unless that is more than longestReplay.
	begun []byte
	gone  bool
	// taken is how many bytes have been read of from, by all tries.
	taken int64
	// try is the newest reader; an older one reads no more.
	try *replayReader
}

// longestReplay is how many bytes of a body are kept for another try.
const longestReplay = 64 << 10

func newReplay(body io.Reader) *replay { return &replay{from: body} }

// rewind reports whether another try can have the whole body.
func (r *replay) rewind() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.try = nil
	return !r.gone
}

// reader reads the body from its beginning. Closing it leaves the body open.
func (r *replay) reader() io.ReadCloser {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.try = &replayReader{of: r, again: bytes.NewReader(bytes.Clone(r.begun))}
	return r.try
}

type replayReader struct {
	of    *replay
	again *bytes.Reader
}

func (t *replayReader) Read(p []byte) (int, error) {
	if t.again.Len() > 0 {
		return t.again.Read(p)
	}
	r := t.of
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.try != t {
		return 0, io.ErrClosedPipe // Its try has failed, and another has begun.
	}
	n, err := r.from.Read(p)
	r.taken += int64(n)
	if r.gone = r.gone || len(r.begun)+n > longestReplay; r.gone {
		r.begun = nil
	} else {
		r.begun = append(r.begun, p[:n]...)
	}
	return n, err
}

func (*replayReader) Close() error { return nil }
