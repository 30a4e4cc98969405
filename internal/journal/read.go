package journal

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

// largest is how much is read of a file: it is larger than MaxSize for a moment only.
const largest = 4 * MaxSize

// Read calls each with the entries after c, oldest first, the zero Cursor being before
// all, until each returns an error, which it returns. missed says that the journal no
// longer holds all of them: it comes before the first. A checkout without a journal has
// no entries.
func (j *Journal) Read(c Cursor, missed func() error, each func(Entry) error) error {
	data, err := j.newerThan(c.N)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if c != (Cursor{}) && !holds(data, c) {
		if err := missed(); err != nil {
			return err
		}
		if c.N > lastNumber(data) {
			c = Cursor{At: c.At} // The journal was lost, and began anew.
		}
	}
	_, err = eachAfter(data, c.N, each)
	return err
}

// firstTail is how much of the end of the file is read at first: enough for a thousand
// entries and more.
const firstTail = 512 << 10

// newerThan returns the end of the file from the entry of number n, or one before, on: all
// of it where there is none.
func (j *Journal) newerThan(n uint64) ([]byte, error) {
	f, err := files.Open(j.path(), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := min(info.Size(), largest)
	for tail := int64(firstTail); ; tail *= 4 {
		data := make([]byte, min(tail, size))
		got, err := f.ReadAt(data, size-int64(len(data)))
		data = data[:got]
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if tail >= size {
			return data, nil
		}
		data = data[bytes.IndexByte(data, '\n')+1:]
		if behind(data, n) > 0 {
			return data, nil
		}
	}
}

// Holds reports whether all that came after c is still there.
func (j *Journal) Holds(c Cursor) bool {
	data, err := j.newerThan(c.N)
	return err == nil && holds(data, c)
}

// holds reports whether data has the entry of c, or nothing is missing behind it.
func holds(data []byte, c Cursor) bool {
	end := behind(data, c.N)
	if end == 0 {
		return c.N == 0 && len(data) == 0
	}
	e, ok := decode(data[bytes.LastIndexByte(data[:end-1], '\n')+1 : end])
	return ok && e.N == c.N && !e.Time.After(c.At)
}

// behind is the offset behind the last whole line with a number up to n; 0 is none. It goes
// back from the end: most ask for what is new.
func behind(data []byte, n uint64) int {
	for end := bytes.LastIndexByte(data, '\n') + 1; end > 0; {
		begin := bytes.LastIndexByte(data[:end-1], '\n') + 1
		if at := numberOf(data[begin:end]); at > 0 && at <= n {
			return end
		}
		end = begin
	}
	return 0
}

func lastNumber(data []byte) uint64 {
	e, _, _ := lastEntry(data)
	return e.N
}

// eachAfter calls each with the entries of whole lines after number n, and returns the
// last number.
func eachAfter(data []byte, n uint64, each func(Entry) error) (uint64, error) {
	for line := range bytes.Lines(data[behind(data, n):]) {
		if numberOf(line) <= n || line[len(line)-1] != '\n' {
			continue
		}
		e, ok := decode(line)
		if !ok {
			continue
		}
		n = e.N
		if err := each(e); err != nil {
			return n, err
		}
	}
	return n, nil
}

// lastEntry finds the last entry of data, and where its line begins and ends; 0 is none.
func lastEntry(data []byte) (e Entry, begin, end int) {
	for end = bytes.LastIndexByte(data, '\n') + 1; end > 0; end = begin {
		begin = bytes.LastIndexByte(data[:end-1], '\n') + 1
		if e, ok := decode(data[begin:end]); ok {
			return e, begin, end
		}
	}
	return Entry{}, 0, 0
}

// Newest is the last entry; false says that there is none.
func (j *Journal) Newest() (Entry, bool) {
	f, err := files.Open(j.path(), os.O_RDONLY)
	if err != nil {
		return Entry{}, false
	}
	defer f.Close()
	e, _, err := newest(f)
	return e, err == nil && e.N > 0
}

// newest finds the last entry of f and the offset behind it.
func newest(f *os.File) (Entry, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return Entry{}, 0, err
	}
	for _, tail := range []int64{2 * largestLine, largest} {
		from := max(0, info.Size()-tail)
		data, err := io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
		if err != nil {
			return Entry{}, 0, err
		}
		if e, _, end := lastEntry(data); end > 0 {
			return e, from + int64(end), nil
		}
	}
	return Entry{}, 0, nil
}

const (
	// pollFast and pollSlow bound the pause between two looks of Follow.
	pollFast = 20 * time.Millisecond
	pollSlow = 200 * time.Millisecond
)

// Follow calls each with the entries after c, also with those to come in this run and in
// later ones, until ctx ends, which is no error, or each returns an error, which it returns.
func (j *Journal) Follow(ctx context.Context, c Cursor, each func(Entry) error) error {
	t := &tail{journal: j, n: c.N}
	defer t.close()
	for pause := pollFast; ; pause = min(2*pause, pollSlow) {
		found, err := t.look(each)
		if err != nil {
			return err
		}
		if found {
			pause = pollFast
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// tail reads what is appended. The file may be replaced by a shorter one, or go.
type tail struct {
	journal *Journal
	n       uint64
	f       *os.File
	at      int64
}

func (t *tail) close() {
	if t.f != nil {
		_ = t.f.Close()
		t.f = nil
	}
}

// look reads whole lines that have come.
func (t *tail) look(each func(Entry) error) (found bool, err error) {
	if t.f != nil && !isFile(t.f, t.journal.path()) {
		t.close()
	}
	if t.f == nil {
		if t.f, err = files.Open(t.journal.path(), os.O_RDONLY); err != nil {
			t.f = nil
			return false, nil // There may be one later.
		}
		t.at = 0
	}
	data, err := io.ReadAll(io.NewSectionReader(t.f, t.at, largest))
	if err != nil {
		return false, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	t.at += int64(whole)
	if e, _, _ := lastEntry(data[:whole]); t.at == int64(whole) && e.N > 0 && e.N < t.n {
		t.n = 0 // The journal was lost, and began anew.
	}
	t.n, err = eachAfter(data[:whole], t.n, each)
	return whole > 0, err
}
