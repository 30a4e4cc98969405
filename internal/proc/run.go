//go:build linux || darwin || freebsd

package proc

import (
	"context"
	"io"
	"syscall"
	"time"
)

// tailSize is how much output Run keeps, in bytes.
const tailSize = 8 << 10

// Run runs a command to its end and returns how it exited and the last 8 KiB of
// its output. When it returns nothing of the command's tree is left: what the
// leader leaves behind is killed, and everything is when ctx ends, and then the
// error is ctx's.
func (t *Table) Run(ctx context.Context, s Spec) (Exit, []byte, error) {
	if err := ctx.Err(); err != nil {
		return Exit{}, nil, err
	}
	p, err := t.Start(s)
	if err != nil {
		return Exit{}, nil, err
	}
	output := make(chan []byte, 1)
	go func() { output <- readTail(p) }()

	select {
	case <-p.Done():
	case <-ctx.Done():
		err = ctx.Err()
	}
	if endErr := p.End(syscall.SIGKILL, 0, nil); err == nil {
		err = endErr
	}
	if p.output != nil {
		// All writers are gone, unless one handed its end to a stranger.
		p.output.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	}
	return p.Exit(), <-output, err
}

func readTail(p *Process) []byte {
	if p.output == nil {
		return nil
	}
	defer p.output.Close()
	var tail tail
	io.Copy(&tail, p.output)
	return tail.last()
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.kept = append(t.kept, b...)
	if len(t.kept) > 8*tailSize {
		t.kept = append(t.kept[:0], t.last()...)
	}
	return len(b), nil
}

func (t *tail) last() []byte {
	return t.kept[max(0, len(t.kept)-tailSize):]
}
