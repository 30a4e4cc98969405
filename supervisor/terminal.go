package supervisor

import (
	"context"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/logs"
)

const (
	// mostUnseen is how many bytes wait for one who is attached and reads slowly.
	mostUnseen = 1 << 20
	// mostNews is how many changes of the service wait with them.
	mostNews = 64
	// mostOpen is how much of an unfinished line is remembered, in bytes.
	mostOpen = 4 << 10
)

// terminal is a service's pseudo-terminal across its restarts, for those who are attached.
// The loop says whose it is; nobody who is attached can slow the loop, the service or
// another one.
type terminal struct {
	// typing is held by whoever types: what one has typed in one piece stays together.
	typing chan struct{}

	mu sync.Mutex
	// instance is what has it now; nil while nothing runs.
	instance instance
	// usual is its size while nobody is attached, actual what it was made last.
	usual, actual Size
	// open is the end of what was shown, behind the last newline, since openSince.
	open      []byte
	openSince time.Time
	// attached has those last who were active last.
	attached []*Attachment
}

func newTerminal() *terminal { return &terminal{typing: make(chan struct{}, 1)} }

// begun forgets the unfinished line of the attempt before, and returns what is to see the
// output of the next one; nil where that has no terminal.
func (t *terminal) begun(tty bool) (see func(chunk []byte)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = nil
	if !tty {
		return nil
	}
	return t.show
}

// begin makes the terminal that of i, which was started with the size actual.
func (t *terminal) begin(i instance, usual, actual Size) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.instance, t.usual, t.actual = i, usual, actual
	t.fit()
}

// over says that nothing has the terminal any more. What is being typed is lost.
func (t *terminal) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.instance != nil {
		_ = t.instance.Output().SetWriteDeadline(time.Now())
	}
	t.instance = nil
}

// setUsual changes the size that it has while nobody is attached.
func (t *terminal) setUsual(size Size) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.usual = size
	t.fit()
}

// fitting is the size of whoever was active last and has one, else usual.
func (t *terminal) fitting(usual Size) Size {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sizeOr(usual)
}

func (t *terminal) sizeOr(usual Size) Size {
	for _, a := range slices.Backward(t.attached) {
		if a.size != (Size{}) {
			return a.size
		}
	}
	return usual
}

// fit gives the terminal its size. The caller holds mu.
func (t *terminal) fit() {
	size := t.sizeOr(t.usual)
	if t.instance != nil && size != t.actual {
		t.actual = size
		t.instance.Resize(size)
	}
}

// show passes on what was written. The bytes are the caller's.
func (t *terminal) show(chunk []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = logs.Unfinished(t.open, chunk, mostOpen)
	t.openSince = time.Now()
	for _, a := range t.attached {
		a.add(chunk)
	}
}

// tell passes on a new status.
func (t *terminal) tell(st *Status) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.attached {
		a.tell(st)
	}
}

// asks reports whether an unfinished line, such as a question, has been there for a
// while, and nobody is attached who could answer.
func (t *terminal) asks() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.attached) == 0 && len(logs.Shown(t.open)) > 0 && time.Since(t.openSince) >= askedAfter
}

// askedAfter is how long an unfinished line stands still that is taken for a question.
const askedAfter = 2 * time.Second

// end ends all attachments with err.
func (t *terminal) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.attached {
		a.err = err
		a.wake()
	}
	t.attached = nil
}

// attach makes an Attachment, which begins with the unfinished line and st.
func (t *terminal) attach(st *Status) *Attachment {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := &Attachment{terminal: t, more: make(chan struct{}, 1)}
	a.add(logs.Shown(t.open))
	a.tell(st)
	t.attached = append(t.attached, a)
	return a
}

// active makes a the one that was active last. The caller holds mu.
func (t *terminal) active(a *Attachment) {
	if i := slices.Index(t.attached, a); i >= 0 {
		t.attached = append(slices.Delete(t.attached, i, i+1), a)
		t.fit()
	}
}

// typed is where to type; nil while nothing runs.
func (t *terminal) typed(by *Attachment) *os.File {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.active(by); t.instance == nil {
		return nil
	}
	return t.instance.Output()
}

// write types p into out, until ctx ends.
func (t *terminal) write(ctx context.Context, out *os.File, p []byte) error {
	select {
	case t.typing <- struct{}{}:
		defer func() { <-t.typing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	hastened := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(hastened)
		_ = out.SetWriteDeadline(time.Now())
	})
	_, err := out.Write(p)
	if !stop() {
		<-hastened
		_ = out.SetWriteDeadline(time.Time{})
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
