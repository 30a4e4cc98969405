package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

const (
	// stampEvery is how exactly times are kept.
	stampEvery = time.Millisecond
	// retryEvery is the pause after a failed write.
	retryEvery = time.Second
	// verifyEvery is how often the log checks that its files are still there.
	verifyEvery = time.Second
)

// Log writes one service's log. It tracks offsets itself, so that after a failed write it
// knows to the byte what is on disk.
type Log struct {
	store   *Store
	service string
	limit   int64 // bytes of a segment with its index
	found   []string
	pipes   pipes

	mu       sync.Mutex
	closed   bool
	run      uint32
	attempt  bool     // the next bytes are a new attempt's first
	log, idx *os.File // nil until the next write opens them
	base     int64
	size     int64
	records  int64
	last     record
	ended    bool // the last byte ended a line
	verified time.Time
	trouble  trouble
}

// append writes p. It returns an error when the disk begins to fail, and when it works
// again.
func (l *Log) append(at time.Time, p []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.do(at, p)
}

// Append writes lines that come from elsewhere than a Stream, and reports whether the log
// is open. If the disk takes nothing, the next call tries again.
func (l *Log) Append(at time.Time, lines []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	_ = l.do(at, whole(lines))
	return true
}

// begin notes a new attempt, on a line of its own. Where no line has to be ended the
// note waits for the attempt's first bytes: every process that starts gets a copy of
// every open file and closes it, a twentieth of "flat start, 500 services".
func (l *Log) begin(at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempt = true
	if l.log == nil || l.ended {
		return nil
	}
	return l.do(at, nil)
}

func (l *Log) setRun(number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.run = number
}

func (l *Log) do(at time.Time, p []byte) error {
	if l.closed {
		return nil
	}
	if l.trouble.cause != nil {
		return l.resume(at, p)
	}
	n, err := l.put(at, p)
	if err == nil {
		return nil
	}
	l.trouble = trouble{cause: err, missing: int64(len(p) - n), retry: at.Add(retryEvery)}
	return fmt.Errorf("cannot write the log of %q, which goes on unrecorded: %w", l.service, err)
}

// put writes p, in several segments where it does not fit into one, and returns
// how much of it is on disk.
func (l *Log) put(at time.Time, p []byte) (n int, err error) {
	if err := l.verify(at); err != nil {
		return 0, err
	}
	flags := l.flags()
	if flags != 0 && !l.ended {
		if err := l.write([]byte{'\n'}); err != nil {
			return 0, err
		}
	}
	for first := true; first || n < len(p); first = false {
		fits := l.fitting(p[n:])
		if fits < 0 {
			if err := l.rotate(); err != nil {
				return n, err
			}
			fits = l.fitting(p[n:])
		}
		if err := l.stamp(at, flags); err != nil {
			return n, err
		}
		flags, l.attempt = 0, false
		size := l.size
		err := l.write(p[n : n+fits])
		n += int(l.size - size)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// flags returns the flags of the next bytes. Bytes with a flag begin on a new line.
func (l *Log) flags() (flags uint16) {
	if l.attempt {
		flags = flagAttempt
	}
	if l.run != l.last.run {
		flags |= flagRun
	}
	return flags
}

// fitting returns how much of p the segment takes, whole lines where it can be;
// -1 asks for the next segment.
func (l *Log) fitting(p []byte) int {
	room := l.limit - l.size - (l.records+2)*recordSize
	switch {
	case int64(len(p)) <= room:
		return len(p)
	case room > 0:
		if n := bytes.LastIndexByte(p[:room], '\n') + 1; n > 0 {
			return n
		}
	}
	if l.size > 0 || room <= 0 {
		return -1
	}
	return int(room)
}

// stamp adds a record for the bytes to come, if it says anything new.
func (l *Log) stamp(at time.Time, flags uint16) error {
	r := record{off: l.base + l.size, at: at.UnixNano(), run: l.run, flags: flags}
	if l.records == 0 {
		r.flags |= flagBase
		if !l.ended {
			r.flags |= flagTorn
		}
	}
	if d := time.Duration(r.at - l.last.at); r.flags == 0 && d < stampEvery && d > -stampEvery {
		return nil
	}
	if _, err := l.idx.WriteAt(r.append(nil), l.records*recordSize); err != nil {
		return err
	}
	l.records++
	l.last = r
	return nil
}

func (l *Log) write(p []byte) error {
	n, err := l.log.WriteAt(p, l.size)
	if n > 0 {
		l.size += int64(n)
		l.ended = p[n-1] == '\n'
	}
	return err
}

// verify opens the files, also if somebody has removed or cut them.
func (l *Log) verify(at time.Time) error {
	if l.log != nil && at.Sub(l.verified) < verifyEvery {
		return nil
	}
	if l.log != nil {
		info, err := l.log.Stat()
		if err == nil && info.Size() == l.size && sameFile(l.log, l.path(".log")) && sameFile(l.idx, l.path(".idx")) {
			l.verified = at
			return nil
		}
		l.shut()
	}
	if err := l.open(); err != nil {
		return err
	}
	l.verified = at
	return nil
}

func (l *Log) path(ext string) string { return filepath.Join(l.store.dir, l.service+ext) }

// rotate renames the current segment, removes what is too old and begins the next one.
// After an error the files are closed, and the next write opens them.
func (l *Log) rotate() error {
	base, ended, last := l.base+l.size, l.ended, l.last
	aside := filepath.Join(l.store.dir, segmentName(l.service, l.base))
	l.shut()
	for _, ext := range []string{".log", ".idx"} {
		if err := l.store.clearWay(aside + ext); err != nil {
			return err
		}
		if err := os.Rename(l.path(ext), aside+ext); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	names, err := l.store.names()
	if err != nil {
		return err
	}
	l.trim(names)
	if err := l.create(os.O_EXCL); err != nil {
		return err
	}
	l.base, l.size, l.records = base, 0, 0
	l.ended, l.last = ended, last
	return nil
}

// create opens the files that are written. The index comes first: a reader that
// sees the log finds its index.
func (l *Log) create(flags int) (err error) {
	if l.idx, err = files.Open(l.path(".idx"), os.O_RDWR|os.O_CREATE|flags); err != nil {
		return err
	}
	if l.log, err = files.Open(l.path(".log"), os.O_RDWR|os.O_CREATE|flags); err != nil {
		l.shut()
	}
	return err
}

// shut closes the files; the next write opens them.
func (l *Log) shut() {
	if l.idx != nil {
		_ = l.idx.Close()
	}
	if l.log != nil {
		_ = l.log.Close()
	}
	l.log, l.idx = nil, nil
}

func (l *Log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble.missing > 0 {
		_ = l.mark(time.Now())
	}
	l.closed = true
	l.shut()
	if t := l.trouble; t.cause != nil {
		return fmt.Errorf("the log of %q lacks its last %d bytes: %w", l.service, t.missing, t.cause)
	}
	return nil
}
