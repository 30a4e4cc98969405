package supervisor

import (
	"context"
	"fmt"
	"slices"
)

// Attachment is one view of a service's pseudo-terminal, across the service's restarts.
// Several may be attached at once: all see the same, and all may type. The terminal has
// the size of the one that was active last, and its usual size when the last has left.
type Attachment struct {
	terminal *terminal

	// What follows is guarded by terminal.mu.
	size Size
	// unseen is what Next has to tell, of which held bytes are output.
	unseen []Shown
	held   int
	err    error

	more chan struct{}
}

// Shown is what an Attachment has to tell, in the order of its fields.
type Shown struct {
	// Missed is how many bytes were written faster than they were read, and are lost.
	Missed int64
	// Output is what the service wrote, byte for byte.
	Output []byte
	// Status, unless nil, is the service's newest.
	Status *Status
}

// Attach attaches to the pseudo-terminal of a service, whether it runs now or not. The
// Attachment first shows the unfinished line that is there, such as a prompt, and the
// service's status. It must be closed.
func (s *Supervisor) Attach(service string) (*Attachment, error) {
	var a *Attachment
	var refused error
	err := s.ask([]string{service}, func(u *unit) {
		if refused = u.attachable(); refused == nil {
			a = u.terminal.attach(u.status)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case refused != nil:
		return nil, refused
	case a == nil:
		return nil, ErrEnding
	}
	return a, nil
}

func (s *Supervisor) endTerminals() {
	for _, u := range s.units {
		u.terminal.end(ErrEnded)
	}
}

// attachable says why nobody can attach to u.
func (u *unit) attachable() error {
	switch {
	case u.hold != nil:
		return u.hold.elsewhere()
	case u.External:
		return fmt.Errorf("%s is external: lhrun runs nothing for it", u.Name)
	case !u.TTY:
		return fmt.Errorf("%s has no terminal: put tty = true into [services.%s], and \"lhrun reload\" gives it one", u.Name, u.Name)
	}
	return nil
}

// elsewhere says that the service has no terminal of lhrun's.
func (h *hold) elsewhere() error {
	if h.Outside {
		return fmt.Errorf("%s is run by hand, outside of lhrun", h.Service)
	}
	return fmt.Errorf("%s is run by hand, in the terminal of pid %d", h.Service, h.PID)
}

// Next waits for what is new. It returns the error of ctx, ErrEnded once Run has
// returned, or why there is no terminal any more. It has one caller at a time.
func (a *Attachment) Next(ctx context.Context) (Shown, error) {
	for {
		if shown, some, err := a.take(); some || err != nil {
			return shown, err
		}
		select {
		case <-a.more:
		case <-ctx.Done():
			return Shown{}, ctx.Err()
		}
	}
}

func (a *Attachment) take() (shown Shown, some bool, err error) {
	a.terminal.mu.Lock()
	defer a.terminal.mu.Unlock()
	if len(a.unseen) == 0 {
		return Shown{}, false, a.err
	}
	shown, a.unseen = a.unseen[0], a.unseen[1:]
	a.held -= len(shown.Output)
	return shown, true, nil
}

// add takes a copy of chunk. What does not fit takes the place of all that is unseen.
func (a *Attachment) add(chunk []byte) {
	if len(chunk) == 0 {
		return
	}
	if a.held+len(chunk) > mostUnseen {
		for i := range a.unseen {
			a.unseen[0].Missed += int64(len(a.unseen[i].Output))
			a.unseen[i].Output = nil
		}
		a.held = 0
	}
	last := a.last(func(s *Shown) bool { return s.Status == nil })
	last.Output = append(last.Output, chunk...)
	a.held += len(chunk)
}

// tell takes a new status, in its order among the output.
func (a *Attachment) tell(st *Status) {
	last := a.last(func(s *Shown) bool { return s.Status == nil || s.Status.State == st.State && s.Status.PID == st.PID })
	last.Status = st
}

// last returns what is told last, if that is open to more or there is much already, else
// what follows it.
func (a *Attachment) last(open func(*Shown) bool) *Shown {
	a.wake()
	n := len(a.unseen)
	if n == 0 || !open(&a.unseen[n-1]) && n < mostNews {
		a.unseen = append(a.unseen, Shown{})
		n++
	}
	return &a.unseen[n-1]
}

func (a *Attachment) wake() {
	select {
	case a.more <- struct{}{}:
	default:
	}
}

// Type types p and returns when the terminal has taken it. While the service reads nothing
// and the terminal is full, it waits, as do others who type. What is typed while the
// service does not run, or as it ends, is lost. The error is that of ctx.
func (a *Attachment) Type(ctx context.Context, p []byte) error {
	out := a.terminal.typed(a)
	if out == nil {
		return ctx.Err()
	}
	_ = a.terminal.write(ctx, out, p)
	return ctx.Err()
}

// Resize says how large the terminal is that shows it; the zero Size is unknown.
func (a *Attachment) Resize(size Size) {
	t := a.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	a.size = size
	t.active(a)
}

// Close ends it. The terminal gets the size of whoever was active last among the others.
func (a *Attachment) Close() {
	t := a.terminal
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attached = slices.DeleteFunc(t.attached, func(other *Attachment) bool { return other == a })
	t.fit()
}
