package logs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
)

// segmentCount is into how many files a log's size is divided: the oldest is
// removed whole, so at least (n-1)/n of the size is kept.
const segmentCount = 4

// segment is one file of a service's log with its index, open for reading.
type segment struct {
	path     string // without .log and .idx
	log, idx *os.File
	// base is the offset of the first byte, in all that was ever written.
	base, size int64
	named      bool // base comes from the name
	recs       []record
	idxRead    int64
	damaged    bool
}

func (g *segment) end() int64 { return g.base + g.size }

func (g *segment) close() {
	_ = g.log.Close()
	if g.idx != nil {
		_ = g.idx.Close()
	}
}

// names lists the directory, sorted; one that is missing is empty.
func (s *Store) names() ([]string, error) {
	dir, err := os.Open(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// segmentPaths lists the service's segments, oldest first, without extensions.
// The one that is written has no offset in its name and is last.
func (s *Store) segmentPaths(service string) ([]string, error) {
	names, err := s.names()
	if err != nil {
		return nil, err
	}
	return s.segmentsAmong(names, service), nil
}

// segmentsAmong picks them from what lies in the directory.
func (s *Store) segmentsAmong(names []string, service string) (paths []string) {
	current := ""
	for _, n := range names {
		name, isLog := strings.CutSuffix(n, ".log")
		if name == service && isLog {
			current = filepath.Join(s.dir, name)
		} else if _, ok := nameBase(name, service); ok && isLog {
			paths = append(paths, filepath.Join(s.dir, name))
		}
	}
	if current != "" {
		paths = append(paths, current)
	}
	return paths
}

// segmentName is the name of a segment that is no longer written. Hexadecimal
// of one length, so that names sort as offsets do.
func segmentName(service string, base int64) string {
	return fmt.Sprintf("%s.%016x", service, base)
}

func nameBase(name, service string) (base int64, ok bool) {
	digits, ok := strings.CutPrefix(name, service+".")
	if !ok || len(digits) != 16 {
		return 0, false
	}
	base, err := strconv.ParseInt(digits, 16, 64)
	return base, err == nil && base >= 0
}

// segments opens what there is of a log. A writer may rename and remove files
// meanwhile; then it is done again.
func (s *Store) segments(service string) (segs []*segment, err error) {
	for range 5 {
		closeSegments(segs)
		paths, err := s.segmentPaths(service)
		if err != nil {
			return nil, err
		}
		var torn bool
		if segs, torn = s.openSegments(service, paths); !torn {
			break
		}
	}
	return segs, nil
}

func closeSegments(segs []*segment) {
	for _, g := range segs {
		g.close()
	}
}

// openSegments opens the segments in order; torn says that some of them moved
// meanwhile or that there is a gap between two.
func (s *Store) openSegments(service string, paths []string) (segs []*segment, torn bool) {
	for _, path := range paths {
		g, err := openSegment(path)
		if err != nil {
			torn = torn || errors.Is(err, fs.ErrNotExist)
			continue // A directory, a link, another user's file: not lhrun's.
		}
		g.base, g.named = nameBase(filepath.Base(path), service)
		if g.moved() {
			torn = true
		}
		segs = append(segs, g)
	}
	s.settle(segs)
	for i := range segs {
		torn = torn || i > 0 && segs[i].base != segs[i-1].end()
	}
	return segs, torn
}

func openSegment(path string) (*segment, error) {
	log, err := files.Open(path+".log", os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	g := &segment{path: path, log: log}
	info, err := log.Stat()
	if err != nil {
		g.close()
		return nil, err
	}
	g.size = info.Size()
	g.idx, err = files.Open(path+".idx", os.O_RDONLY)
	g.damaged = err != nil
	g.readIndex()
	return g, nil
}

// indexPiece is how much of an index is read at once.
const indexPiece = 4096 * recordSize

// readIndex takes the records that were added. The writer adds a record before
// the bytes it speaks of, so the size must have been asked before. A piece without any
// record ends it: a hole in the file can be of any size.
func (g *segment) readIndex() {
	if g.idx == nil {
		return
	}
	for {
		piece, err := io.ReadAll(io.NewSectionReader(g.idx, g.idxRead, indexPiece))
		recs, damaged := parseIndex(piece)
		g.damaged = g.damaged || damaged || err != nil
		g.take(recs)
		if len(recs) == 0 && len(piece) == indexPiece {
			return
		}
		g.idxRead += int64(len(piece) - len(piece)%recordSize)
		if len(piece) < indexPiece {
			return
		}
	}
}

// take adds records, without those that go back behind the last one.
func (g *segment) take(recs []record) {
	if n := len(g.recs); n > 0 {
		recs = slices.DeleteFunc(recs, func(r record) bool { return r.off < g.recs[n-1].off })
	}
	g.recs = append(g.recs, recs...)
}

// moved reports whether the files are no longer those of their names.
func (g *segment) moved() bool {
	return !sameFile(g.log, g.path+".log") || !sameFile(g.idx, g.path+".idx")
}

// sameFile reports whether f is what path names; a nil f, that path names nothing.
func sameFile(f *os.File, path string) bool {
	there, err := os.Lstat(path)
	if f == nil {
		return err != nil
	}
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && os.SameFile(open, there)
}

// settle makes the segments agree on their offsets. For what an index lacks it uses the
// time at which the file was last written.
func (s *Store) settle(segs []*segment) {
	end := int64(0)
	for i, g := range segs {
		first := len(g.recs) > 0 && g.recs[0].flags&flagBase != 0
		switch {
		case g.named && first && g.recs[0].off != g.base, !first:
			first, g.damaged = false, true
		case !g.named:
			g.base = g.recs[0].off
		}
		if g.base < end {
			g.base, first, g.damaged = end, false, true
		}
		if i+1 < len(segs) && segs[i+1].named {
			g.size = min(g.size, max(0, segs[i+1].base-g.base))
		}
		g.recs = slices.DeleteFunc(g.recs, func(r record) bool { return r.off < g.base })
		if !first {
			g.recs = slices.Insert(g.recs, 0, s.guess(g))
		}
		end = g.end()
	}
}

// guess returns a first record for a segment whose own is lost.
func (s *Store) guess(g *segment) record {
	r := record{off: g.base, flags: flagBase}
	if info, err := g.log.Stat(); err == nil {
		r.at = info.ModTime().UnixNano()
		r.run = s.runAt(r.at)
	}
	if len(g.recs) > 0 && g.recs[0].at < r.at {
		r.at, r.run = g.recs[0].at, g.recs[0].run
	}
	return r
}
