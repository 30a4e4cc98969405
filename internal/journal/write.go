package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/supervisor"
)

const (
	// mostWaiting bounds the entries held in memory while the disk takes none.
	mostWaiting = 4096
	// writeEvery is how often entries are written: many at once cost one write.
	writeEvery = 50 * time.Millisecond
	// closePatience is how long Close waits for the disk.
	closePatience = time.Second
)

// Writer appends entries. Its methods never wait for the disk, but for Close.
type Writer struct {
	journal *Journal
	failed  func(error)

	mu      sync.Mutex // guards waiting and lost
	waiting []Entry
	// lost counts entries that were dropped since the last one that was taken.
	lost uint64

	more chan struct{}
	quit chan struct{}
	done chan struct{}
	once sync.Once

	// What follows belongs to the goroutine that writes.
	f    *os.File
	size int64
	// last is the newest entry in the file.
	last Entry
	told bool
}

// Write begins to write. failed hears once of a disk that takes nothing, and may be called
// at any time; the Writer goes on trying. The caller holds the lock of the checkout's run.
func (j *Journal) Write(failed func(error)) *Writer {
	w := &Writer{
		journal: j, failed: failed,
		more: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// Append has e written soon. Where the disk does not keep up, e is dropped, and a Missed
// entry will tell of it.
func (w *Writer) Append(e Entry) {
	w.mu.Lock()
	if len(w.waiting) < mostWaiting {
		w.waiting = append(w.waiting, e)
	} else {
		w.lost++
	}
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// Close writes what is left and returns, also where the disk takes nothing for a while.
func (w *Writer) Close() {
	w.once.Do(func() { close(w.quit) })
	late := time.NewTimer(closePatience)
	defer late.Stop()
	select {
	case <-w.done:
	case <-late.C:
	}
}

func (w *Writer) run() {
	defer close(w.done)
	defer func() {
		if w.f != nil {
			_ = w.f.Close()
		}
	}()
	for {
		select {
		case <-w.more:
			w.flush()
		case <-w.quit:
			w.flush()
			return
		}
		select {
		case <-time.After(writeEvery):
		case <-w.quit:
		}
	}
}

// flush writes what waits. What the disk refuses is lost, and counted.
func (w *Writer) flush() {
	w.mu.Lock()
	entries, lost := w.waiting, w.lost
	w.waiting, w.lost = nil, 0
	w.mu.Unlock()
	if len(entries) == 0 {
		return
	}
	if lost > 0 {
		entries = append(entries, Lost(lost, entries[len(entries)-1].Time))
	}
	err := w.write(entries)
	if err == nil {
		return
	}
	w.mu.Lock()
	w.lost += uint64(len(entries))
	w.mu.Unlock()
	if !w.told {
		w.told = true
		w.failed(fmt.Errorf("cannot keep the journal, so \"lhrun events\" will lack something: %w", err))
	}
}

// Lost is an entry that stands for n that were lost.
func Lost(n uint64, at time.Time) Entry {
	return Entry{Time: at, Kind: Missed, Text: fmt.Sprintf("%d events are missing: they came faster than they were kept", n)}
}

// write appends entries to the file. After an error the file is as before.
func (w *Writer) write(entries []Entry) error {
	if err := w.open(); err != nil {
		return err
	}
	last := w.last
	var lines []byte
	for _, e := range entries {
		e.N = last.N + 1
		if e.Time.Before(last.Time) {
			e.Time = last.Time // A clock was set back.
		}
		e.Time = e.Time.Round(0).UTC()
		lines = append(lines, encode(e)...)
		last = e
	}
	if w.size+int64(len(lines)) > w.journal.max {
		if err := w.shorten(int64(len(lines))); err != nil {
			return err
		}
	}
	if _, err := w.f.WriteAt(lines, w.size); err != nil {
		return errors.Join(err, w.f.Truncate(w.size))
	}
	w.size += int64(len(lines))
	w.last = last
	return nil
}

// open makes sure of the file: it may be missing, damaged at its end, or removed since.
func (w *Writer) open() error {
	path := w.journal.path()
	if w.f != nil && isFile(w.f, path) {
		return nil
	}
	if w.f != nil {
		_ = w.f.Close()
		w.f = nil
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := os.Remove(path); err != nil { // Nothing is ever written through it.
			return err
		}
	}
	f, err := files.Open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	last, end, err := newest(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if w.f, w.size = f, end; last.N >= w.last.N {
		w.last = last
	}
	return nil
}

// shorten makes room for more bytes, and for a while.
func (w *Writer) shorten(more int64) error {
	data, err := files.Read(w.journal.path(), largest)
	if err != nil {
		return err
	}
	kept := keep(data, max(0, w.journal.max*3/4-more))
	if err := files.Replace(w.journal.path(), kept); err != nil {
		return err
	}
	return w.open()
}

// keep is data without its oldest runs, and if need be without the oldest entries of the
// last one but for its beginning, in most bytes. Lines that are no entries go.
func keep(data []byte, most int64) []byte {
	var sound, begin []byte
	var begins []int // of runs, in sound
	for line := range bytes.Lines(data) {
		e, ok := decode(line)
		if !ok {
			continue
		}
		if e.Kind == Begin {
			begins = append(begins, len(sound))
			begin = line
		}
		sound = append(sound, line...)
	}
	for _, at := range begins {
		if int64(len(sound)-at) <= most {
			return sound[at:]
		}
	}
	room := most - int64(len(begin))
	if room <= 0 {
		return nil
	}
	rest := sound[max(0, int64(len(sound))-room):]
	if at := bytes.IndexByte(rest, '\n'); len(rest) < len(sound) {
		rest = rest[at+1:]
	}
	return append(bytes.Clone(begin), rest...)
}

// Crashed notes that the run of that id was killed, unless the journal has its end. The
// caller holds the lock of the checkout's run.
func (j *Journal) Crashed(run, text string) {
	if _, err := os.Lstat(j.path()); errors.Is(err, fs.ErrNotExist) {
		return
	}
	w := &Writer{journal: j, failed: func(error) {}}
	if w.open() == nil {
		_ = w.write([]Entry{{Time: time.Now(), Kind: Killed, Run: run, Text: text, By: &supervisor.By{Who: supervisor.BySupervisor}}})
		_ = w.f.Close()
	}
}
