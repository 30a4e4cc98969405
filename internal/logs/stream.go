package logs

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// StreamOptions say where a service's output goes. Only Service is required.
type StreamOptions struct {
	Service string
	// Log keeps the bytes on disk; nil keeps nothing.
	Log *Log
	// Sink shows the lines; nil shows nothing.
	Sink Sink
	// Failed is told, once per change, that the disk or the sink fails or that
	// the disk works again. It is called by the reader and must not block.
	Failed func(error)
}

// Stream is the output of one service, across its restarts.
type Stream struct {
	opts    StreamOptions
	tail    tail
	taps    taps
	sinkBad atomic.Bool
	// began is the attempt that the next Copy has to note.
	began  atomic.Pointer[time.Time]
	delays delays
}

// NewStream returns the stream of one service.
func NewStream(opts StreamOptions) *Stream {
	return &Stream{opts: opts, delays: delays{origin: time.Now()}}
}

// Begin marks the start of a new attempt: Tail forgets the one before, and the next
// Copy notes the boundary in the store. It does not wait for the disk.
func (s *Stream) Begin(at time.Time) {
	s.tail.reset()
	s.began.Store(&at)
}

// note tells the store where an attempt begins.
func (s *Stream) note() {
	if at := s.began.Swap(nil); at != nil && s.opts.Log != nil {
		s.fail(s.opts.Log.begin(*at))
	}
}

// Tail returns up to n lines of the current attempt that say what it came to, free of
// escapes: an Excerpt of its last 16 KiB. behind is how many lines the attempt has written
// after the first of them.
func (s *Stream) Tail(n int) (lines []string, behind int) { return excerpt(s.tail.lines(), n) }

// IsSilent reports whether the current attempt has written nothing so far.
func (s *Stream) IsSilent() bool { return s.tail.isEmpty() }

// OnLine calls f with each line to come, without its end, before the sink sees
// it; the bytes are only f's during the call. Of a line that draws over itself f gets
// each text that a terminal would have shown. f must not block and may call remove.
func (s *Stream) OnLine(f func(line []byte)) (remove func()) { return s.taps.add(f) }

// Copy passes on what comes out of r, the read end of a pipe or the master of a
// pseudo-terminal, until its writers are gone. A last line without newline is
// delivered too.
//
// r.SetReadDeadline ends it early, and then what is in the pipe already is still
// taken; r.Close ends it without. Both return nil, as the end of r does.
func (s *Stream) Copy(r *os.File) error { return s.CopySeen(r, nil) }

// CopySeen is Copy that also calls see, unless nil, with each chunk as it was written,
// before the sink gets its lines. The bytes are only see's during the call, which must not
// block.
func (s *Stream) CopySeen(r *os.File, see func(chunk []byte)) error {
	c := &copier{stream: s, see: see}
	c.timer = time.AfterFunc(time.Hour, c.preview)
	defer c.finish()
	s.delays.begin(time.Now())
	s.note()
	s.delays.end()
	if s.opts.Log != nil {
		defer s.opts.Log.pipes.add(r)()
	}
	return readChunks(r, c)
}

func (s *Stream) deliver(at time.Time, block []byte) {
	s.tail.add(block)
	s.taps.see(block)
	if s.opts.Sink != nil {
		s.sinkResult(s.opts.Sink.Lines(s.opts.Service, at, block))
	}
}

// sinkResult reports the first of several failures in a row.
func (s *Stream) sinkResult(err error) {
	if bad := err != nil; s.sinkBad.Swap(bad) != bad && bad {
		s.fail(fmt.Errorf("cannot show the output of %q: %w", s.opts.Service, err))
	}
}

func (s *Stream) fail(err error) {
	if err != nil && s.opts.Failed != nil {
		s.opts.Failed(err)
	}
}

// copier is the state of one Copy. mu orders the reader and the preview timer.
type copier struct {
	stream *Stream
	see    func(chunk []byte)

	mu    sync.Mutex
	split splitter
	done  bool
	// at is when the last chunk was read, since when the oldest byte of the
	// pending line that nobody has seen was; zero when there is none.
	at    time.Time
	since time.Time
	// redrawn says that the pending line was redrawn when it was last shown.
	redrawn bool
	timer   *time.Timer
	armed   bool
}

// pending is the beginning of the next buffer. Only the reader changes it.
func (c *copier) pending() []byte { return c.split.pending }

// take is called before a read, and kept when its bytes are on disk. Nobody else reads in
// between, so that the order is kept.
func (c *copier) take() {
	if l := c.stream.opts.Log; l != nil {
		l.pipes.taking.Lock()
	}
}

func (c *copier) kept() {
	if l := c.stream.opts.Log; l != nil {
		l.pipes.taking.Unlock()
	}
}

// took passes on buf: what was pending, and n bytes that were read behind it.
func (c *copier) took(buf []byte, n int) {
	s, at := c.stream, time.Now()
	s.delays.begin(at)
	defer s.delays.end()
	var err error
	if s.opts.Log != nil {
		err = s.opts.Log.append(at, buf[len(buf)-n:])
	}
	c.kept()
	s.fail(err)
	if c.see != nil {
		c.see(buf[len(buf)-n:])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
	c.split.feed(buf, func(block []byte) {
		c.since, c.redrawn = time.Time{}, false
		s.deliver(at, block)
	})
	c.arm()
}

// arm starts the timer for a pending line. It leaves one that runs already alone, as that
// looks at since when it fires.
func (c *copier) arm() {
	if len(c.split.pending) == 0 {
		return
	}
	if c.since.IsZero() {
		c.since = c.at
	}
	if !c.armed {
		c.armed = true
		c.timer.Reset(c.patience())
	}
}

func (c *copier) patience() time.Duration {
	if c.redrawn {
		return redrawEvery
	}
	return previewAfter
}

// preview shows a pending line that has waited long enough.
func (c *copier) preview() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = false
	if c.done || c.since.IsZero() {
		return
	}
	if left := c.patience() - time.Since(c.since); left > 0 {
		c.armed = true
		c.timer.Reset(left)
		return
	}
	text := trimTorn(c.split.pending)
	c.since = time.Time{}
	s := c.stream
	if c.redrawn = redraws(text); c.redrawn {
		s.taps.preview(text)
	}
	if s.opts.Sink != nil && len(text) > 0 {
		s.sinkResult(s.opts.Sink.Preview(s.opts.Service, c.at, text))
	}
}

// finish delivers a last line that has no newline, if there is anything to see in it.
func (c *copier) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = true
	c.timer.Stop()
	rest := c.split.pending
	c.split.pending = nil
	if visible(rest) {
		c.stream.deliver(c.at, append(rest, '\n'))
	}
}
