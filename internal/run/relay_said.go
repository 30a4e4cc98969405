//go:build linux || darwin || freebsd

package run

import (
	"bytes"
	"sync"
)

// head keeps the beginning of what the process says, which is little unless it panics.
type head struct {
	mu   sync.Mutex
	text []byte
}

const headSize = 4 << 10

func (t *head) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[:min(len(p), headSize-len(t.text))]...)
	return len(p), nil
}

func (t *head) firstLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := bytes.Cut(t.text, []byte("\n"))
	return string(line)
}
