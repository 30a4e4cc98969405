package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
)

// open opens the log to be continued at its end. First it repairs what a crash, a full
// disk or an editor has damaged.
func (l *Log) open() error {
	l.shut()
	if err := files.PrivateDir(l.store.dir); err != nil {
		return err
	}
	for _, ext := range []string{".log", ".idx"} {
		if err := l.store.clearWay(l.path(ext)); err != nil {
			return err
		}
	}
	names, err := l.listing()
	if err != nil {
		return err
	}
	// Only this process renames the files of a log that it writes, so once is enough.
	segs, _ := l.store.openSegments(l.service, l.store.segmentsAmong(names, l.service))
	defer closeSegments(segs)
	for _, g := range segs {
		if err := l.heal(g); err != nil {
			return err
		}
	}
	l.trim(names)
	flags := os.O_TRUNC
	if n := len(segs); n > 0 && !segs[n-1].named {
		flags = 0
	}
	if err := l.create(flags); err != nil {
		return err
	}
	l.takeUp(segs)
	if l.size > l.limit { // An earlier run had a higher limit.
		return l.rotate()
	}
	return nil
}

// listing returns what lies in the directory: the first time only this service's files,
// as they were when the store became ours. With three listings a service, "flat start,
// 500 services" would grow with the square of their number.
func (l *Log) listing() ([]string, error) {
	if names := l.found; names != nil {
		l.found = nil
		return names, nil
	}
	return l.store.names()
}

// takeUp makes the end of the last segment the place of the next byte.
func (l *Log) takeUp(segs []*segment) {
	l.base, l.size, l.records, l.ended = 0, 0, 0, true
	l.last = record{run: l.run}
	if len(segs) == 0 {
		return
	}
	g := segs[len(segs)-1]
	l.last = g.recs[len(g.recs)-1]
	if g.named {
		l.base = g.end()
		return
	}
	l.base, l.size, l.records = g.base, g.size, int64(len(g.recs))
	var b [1]byte
	if _, err := g.log.ReadAt(b[:], g.size-1); err == nil {
		l.ended = b[0] == '\n'
	}
}

// heal replaces a segment's index if anything is wrong with it.
func (l *Log) heal(g *segment) error {
	name := filepath.Base(g.path)
	if last := g.recs[len(g.recs)-1]; last.off > g.end() {
		g.recs = slices.DeleteFunc(g.recs, func(r record) bool { return r.off > g.end() })
		l.note("the end of %s.log is gone: %d bytes or more", name, last.off-g.end())
	} else if g.damaged && g.size > 0 {
		l.note("the index of %s.log was damaged; what of it made sense is kept", name)
	} else if !g.damaged {
		return nil
	}
	var data []byte
	for _, r := range g.recs {
		data = r.append(data)
	}
	return files.Replace(g.path+".idx", data)
}

func (l *Log) note(format string, args ...any) { l.store.opts.Note(fmt.Sprintf(format, args...)) }

// trim removes the oldest segments among names until a full new one would fit, and
// indexes without a log.
func (l *Log) trim(names []string) {
	paths := l.store.segmentsAmong(names, l.service)
	room := l.store.opts.MaxSize - l.limit
	for _, path := range slices.Backward(paths) {
		if path == l.path("") {
			continue
		}
		if room -= sizeOf(path); room < 0 {
			_ = os.Remove(path + ".log")
			_ = os.Remove(path + ".idx")
		}
	}
	for _, n := range names {
		name, isIndex := strings.CutSuffix(n, ".idx")
		path := filepath.Join(l.store.dir, name)
		if _, ours := nameBase(name, l.service); ours && isIndex && !slices.Contains(paths, path) {
			_ = os.Remove(path + ".idx")
		}
	}
}

// sizeOf returns what a segment takes on disk.
func sizeOf(path string) (n int64) {
	for _, ext := range []string{".log", ".idx"} {
		if info, err := os.Lstat(path + ext); err == nil {
			n += info.Size()
		}
	}
	return n
}
