package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
)

// logs shows what r asks for. The end may come while a write is stuck in a stopped
// reader, so nobody waits for that.
func (g *globals) logs(ctx context.Context, r logsRequest) error {
	p, err := g.Find()
	if err != nil {
		return err
	}
	g.ClearUp(p.Checkout)
	store, err := openLogs(p.Checkout)
	if err != nil {
		return err
	}
	kept, err := store.Services()
	if err != nil {
		return err
	}
	all := logNames(p, kept)
	for _, name := range r.names {
		if !slices.Contains(all, name) {
			return exitError{exitUsage, words.Unknown("service", name, all)}
		}
	}
	if err := r.runExists(store.Runs()); err != nil {
		return err
	}
	if len(kept) == 0 && !r.follow {
		fmt.Fprintf(g.Err, "lhrun: %s (%s) has not written anything yet\n", p.Name, p.Checkout.Instance)
	}
	if r.cursor != "" {
		j, c, err := g.journalOf(r.cursor)
		if err != nil {
			return err
		}
		r.query.Since, r.missed = c.At, !j.Holds(c)
	}
	ctx, stop := g.untilInterrupted(ctx)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- r.show(ctx, store, g.newLogStream(r, all), all) }()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = signalError{endOf(ctx), nil}
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil // Whoever read has seen enough.
	}
	return err
}

func openLogs(c ports.Checkout) (*logs.Store, error) {
	i, err := run.InstanceOf(c)
	if err != nil {
		return nil, err
	}
	return logs.Open(i.LogDir(), logs.StoreOptions{})
}

// runExists refuses a run before the first that is remembered.
func (r logsRequest) runExists(runs []time.Time) error {
	if r.query.Run == 0 || -r.query.Run < len(runs) {
		return nil
	}
	if len(runs) < 2 {
		return usageError("there is no run %d: no run before the last one is remembered", r.query.Run)
	}
	return usageError("there is no run %d: the oldest that is remembered is %d, of %s",
		r.query.Run, 1-len(runs), runs[0].Format(time.DateTime))
}

// show writes the past, and with follow what comes.
func (r logsRequest) show(ctx context.Context, store *logs.Store, out *logStream, all []string) error {
	services := r.names
	if len(services) == 0 {
		services = all
	}
	q := r.query
	q.Whole = r.follow
	if r.newOnly {
		q.Since = time.Now().AddDate(100, 0, 0)
	}
	if r.follow && !q.All {
		out.run = store.LastRun()
	}
	out.held.hold(true)
	if r.missed {
		if err := out.say(time.Now(), view.Missed); err != nil {
			return err
		}
	}
	cursors, err := store.Merge(services, q, out.write)
	if err != nil || !r.follow {
		return errors.Join(err, out.close())
	}
	if err := out.flush(); err != nil {
		return err
	}
	return store.FollowAll(ctx, maps.Clone(cursors), len(r.names) == 0, out.follow)
}

// logStream writes lines of the store as up writes those of services.
type logStream struct {
	sink interface {
		logs.Sink
		Close() error
	}
	held  *heldWriter
	query logs.Query
	json  bool
	color bool
	// runs says to tell where a run begins. run is the one of the last line.
	runs bool
	run  uint32
	// choices are, by service, what is chosen of the lines that are followed.
	choices map[string]*logs.Choice

	// block are lines of one service at one time.
	block   []byte
	service string
	at      time.Time
}

func (g *globals) newLogStream(r logsRequest, names []string) *logStream {
	s := &logStream{
		held: &heldWriter{w: bufio.NewWriterSize(g.Out, 64<<10)}, query: r.query, json: r.json,
		runs: r.query.All || r.follow, choices: map[string]*logs.Choice{},
	}
	if r.json {
		g.printed = true // From here on lines may be.
		s.sink = logs.NewJSON(s.held)
		return s
	}
	s.color = g.Colored(g.Out)
	s.sink = logs.NewConsole(s.held, logs.ConsoleOptions{Color: s.color, Time: r.timestamps, Names: names})
	return s
}

// follow takes what the store gives of what comes, and chooses among it.
func (s *logStream) follow(service string, l logs.Line) error {
	s.held.hold(l.More)
	if l.Missed > 0 {
		text := fmt.Sprintf("%s: %d bytes missed, which were written faster than they were shown", service, l.Missed)
		return errors.Join(s.say(l.At, text), s.settle(l.More))
	}
	if l.Partial {
		if s.query.Grep != nil {
			return s.settle(l.More)
		}
		return errors.Join(s.put(), s.sink.Preview(service, l.At, l.Text), s.settle(l.More))
	}
	choice := s.choices[service]
	if choice == nil {
		choice = logs.NewChoice(s.query)
		s.choices[service] = choice
	}
	for _, line := range choice.Take(l) {
		if err := s.write(service, line); err != nil {
			return err
		}
	}
	return s.settle(l.More)
}

// write takes a line that is wanted.
func (s *logStream) write(service string, l logs.Line) error {
	if err := s.boundary(l); err != nil {
		return err
	}
	if service != s.service || !l.At.Equal(s.at) || len(s.block) > 32<<10 {
		if err := s.put(); err != nil {
			return err
		}
		s.service, s.at = service, l.At
	}
	if l.Apart && !s.json {
		s.block = append(s.block, "--\n"...)
	}
	text := l.Text
	if s.color && s.query.Grep != nil && !l.Context {
		text = s.query.Grep.Mark(text)
	}
	s.block = append(append(s.block, text...), '\n')
	return nil
}

// boundary says where a run begins.
func (s *logStream) boundary(l logs.Line) error {
	if l.Run <= s.run {
		return nil
	}
	s.run = l.Run
	if !s.runs {
		return nil
	}
	text := "── run of " + l.Began().Format(time.DateTime) + " ──"
	if s.color {
		text = "\x1b[2m" + text
	}
	return s.say(l.At, text)
}

func (s *logStream) say(at time.Time, text string) error {
	return errors.Join(s.put(), s.sink.Lines(logs.Self, at, []byte(text+"\n")))
}

// settle writes what is there, unless more is at hand.
func (s *logStream) settle(more bool) error {
	if more {
		return nil
	}
	return s.flush()
}

func (s *logStream) flush() error { return errors.Join(s.put(), s.held.hold(false)) }

// close also writes what may have been drawn again.
func (s *logStream) close() error {
	return errors.Join(s.put(), s.sink.Close(), s.held.hold(false))
}

// put hands the block to the sink.
func (s *logStream) put() error {
	block := s.block
	s.block = s.block[:0]
	if len(block) == 0 {
		return nil
	}
	return s.sink.Lines(s.service, s.at, block)
}

// heldWriter puts off writing while more is at hand. The sink may write at any time.
type heldWriter struct {
	mu   sync.Mutex
	w    *bufio.Writer
	held bool
}

func (h *heldWriter) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, err := h.w.Write(p)
	if err == nil && !h.held {
		err = h.w.Flush()
	}
	return n, err
}

// hold writes what was put off, unless on.
func (h *heldWriter) hold(on bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held = on; on {
		return nil
	}
	return h.w.Flush()
}
