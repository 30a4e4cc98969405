package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// tally is what became of the lines of a flood.
type tally struct {
	whole, outOfOrder int
	next              map[string]int // by service: the line that comes next
}

// verify notes what the contender has done to the lines. Of lhrun it is an error,
// and its copy on disk is looked at as well.
func (l *life) verify(r *row, services []service, w load) error {
	if _, err := l.out.Seek(0, io.SeekStart); err != nil {
		return err
	}
	t, err := count(l.out, w.bytes)
	if err != nil {
		return err
	}
	all := w.writers * w.lines
	if t.whole != all || t.outOfOrder > 0 {
		if l.who.name == limitName {
			r.note("the limit is a cat for each; it knows no lines, and tears them")
			return nil
		}
		trouble := fmt.Errorf("%d of %d lines lost or torn, %d gaps", all-t.whole, all, t.outOfOrder)
		if l.who.name == lhrunName {
			return trouble
		}
		r.note("%s: %v", l.who.name, trouble)
	}
	if l.who.name != lhrunName {
		return nil
	}
	for _, svc := range services {
		if !l.stored(svc.name, w) {
			return fmt.Errorf("the last line of %s is not on disk", svc.name)
		}
	}
	return nil
}

// count reads a stream of lines "NAME.NUMBERxxx;" of size bytes, each behind what
// the contender puts before it. What is none is not counted.
func count(r io.Reader, size int) (tally, error) {
	t := tally{next: map[string]int{}}
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		text, err := in.ReadSlice('\n')
		if len(text) > 0 {
			t.take(bytes.TrimRight(text, "\r\n"), size)
		}
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

func (t *tally) take(text []byte, size int) {
	payload := text[bytes.LastIndexByte(text, ' ')+1:]
	name, rest, _ := bytes.Cut(payload, []byte{'.'})
	digits := bytes.TrimRight(bytes.TrimSuffix(rest, []byte{';'}), "x")
	number, err := strconv.Atoi(string(digits))
	if err != nil || len(payload) != size-1 || !bytes.HasSuffix(payload, []byte{';'}) {
		return
	}
	t.whole++
	if number != t.next[string(name)] {
		t.outOfOrder++
	}
	t.next[string(name)] = number + 1
}

// stored reports whether the service's last line is in lhrun's log on disk.
func (l *life) stored(service string, w load) bool {
	paths, _ := l.storedLogs(service)
	want := fmt.Appendf(nil, "%s.%d", service, w.lines-1)
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		tail := make([]byte, w.bytes)
		info, _ := f.Stat()
		n, _ := f.ReadAt(tail, max(0, info.Size()-int64(w.bytes)))
		f.Close()
		if bytes.HasPrefix(tail[:n], want) && bytes.HasSuffix(tail[:n], []byte(";\n")) {
			return true
		}
	}
	return false
}
