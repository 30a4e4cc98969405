package logs

import (
	"context"
	"slices"
	"time"
)

// discoverEvery is how soon a log that is new is seen.
const discoverEvery = 500 * time.Millisecond

// pollFast and pollSlow are the pauses between looks for what was written: the writer,
// which may be another process, tells nobody.
const (
	pollFast = 20 * time.Millisecond
	pollSlow = 200 * time.Millisecond
)

// FollowAll calls f with each line of several services, also with those to come, until
// ctx ends or f returns an error, which FollowAll returns; the end of ctx is no error.
// It reads from disk and never slows the writer: a cursor that the log's bound has
// overtaken is told so.
//
// from says where to begin with each service, 0 being the oldest line kept, and what is
// at hand comes by time. With others, a service that is not in from is followed too,
// from the beginning of its log, once it has one.
func (s *Store) FollowAll(ctx context.Context, from map[string]Cursor, others bool, f func(service string, l Line) error) error {
	return s.FollowAllUntil(ctx, nil, from, others, f)
}

// FollowAllUntil is FollowAll that also ends, without an error, with the last lines
// that were written before last closed.
func (s *Store) FollowAllUntil(ctx context.Context, last <-chan struct{}, from map[string]Cursor, others bool, f func(service string, l Line) error) error {
	c := &chorus{store: s, others: others, f: f, last: last}
	defer c.close()
	for service, cursor := range from {
		c.voices = append(c.voices, &voice{follower: newFollower(s, service, cursor)})
	}
	for ctx.Err() == nil {
		final := isClosed(last)
		if final {
			c.listed = time.Time{} // A log may be younger than the last list.
		}
		if err := c.look(); err != nil {
			return err
		}
		if !c.ready() && final {
			return c.finish()
		}
		if !c.ready() {
			c.wait(ctx)
		}
		for c.ready() && ctx.Err() == nil {
			if err := c.sing(); err != nil {
				return err
			}
		}
	}
	return nil
}

// voice is one log among several that are followed.
type voice struct {
	*follower
	head Line
	ok   bool // head is a line that nobody has seen
}

func (v *voice) take() { v.head, v.ok = v.next() }

// chorus is one FollowAll at work.
type chorus struct {
	store  *Store
	others bool
	f      func(service string, l Line) error
	voices []*voice
	// last closes when nothing more will be written.
	last   <-chan struct{}
	listed time.Time
	pause  time.Duration
}

func (c *chorus) close() {
	for _, v := range c.voices {
		v.close()
	}
}

// look takes what has been written. Nothing is at hand before it.
func (c *chorus) look() error {
	c.discover()
	for _, v := range c.voices {
		if err := v.look(); err != nil {
			return err
		}
		v.take()
	}
	return nil
}

func (c *chorus) discover() {
	if !c.others || time.Since(c.listed) < discoverEvery {
		return
	}
	c.listed = time.Now()
	names, _ := c.store.Services() // the next look may see them
	for _, name := range names {
		known := func(v *voice) bool { return v.service == name }
		if !slices.ContainsFunc(c.voices, known) {
			c.voices = append(c.voices, &voice{follower: newFollower(c.store, name, 0)})
		}
	}
}

func (c *chorus) ready() bool {
	return slices.ContainsFunc(c.voices, func(v *voice) bool { return v.ok })
}

// sing gives out the oldest of the lines at hand.
func (c *chorus) sing() error {
	var first *voice
	hands := 0
	for _, v := range c.voices {
		if !v.ok {
			continue
		}
		hands++
		if first == nil || v.head.At.Before(first.head.At) {
			first = v
		}
	}
	line := first.head
	line.More = line.More || hands > 1
	if err := c.f(first.service, line); err != nil {
		return err
	}
	first.take()
	c.pause = 0
	return nil
}

// wait is until it is time to look.
func (c *chorus) wait(ctx context.Context) {
	c.pause = min(max(2*c.pause, pollFast), pollSlow)
	timer := time.NewTimer(c.pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-c.last:
	case <-timer.C:
	}
}

// finish gives out the last lines that have no end.
func (c *chorus) finish() error {
	for _, v := range c.voices {
		if err := v.finish(func(l Line) error { return c.f(v.service, l) }); err != nil {
			return err
		}
	}
	return nil
}
