package logs

import (
	"bytes"
	"strings"
	"sync"
)

const tailSize = 16 << 10

// tail remembers the last bytes of an attempt.
type tail struct {
	mu  sync.Mutex
	buf []byte
	// torn says that buf begins inside a line.
	torn bool
}

func (t *tail) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf, t.torn = nil, false
}

func (t *tail) add(block []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(block) >= tailSize {
		t.torn = t.torn || len(t.buf) > 0 || len(block) > tailSize
		t.buf = append(t.buf[:0], block[len(block)-tailSize:]...)
		return
	}
	// Twice the size is kept, so that bytes move once per tailSize.
	if len(t.buf)+len(block) > 2*tailSize {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-tailSize:]...)
		t.torn = true
	}
	t.buf = append(t.buf, block...)
}

func (t *tail) isEmpty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.buf) == 0
}

// lines returns what is remembered. A line of which only the end is known begins with
// an ellipsis, and is left out where whole ones are known.
func (t *tail) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var clean []byte
	raw, torn := t.buf, t.torn
	if len(raw) > tailSize {
		raw, torn = raw[len(raw)-tailSize:], true
	}
	if i := bytes.IndexByte(raw, '\n') + 1; torn && i < len(raw) {
		raw, torn = raw[i:], false
	} else if torn {
		clean = append(clean, "…"...)
	}
	for len(raw) > 0 {
		i := bytes.IndexByte(raw, '\n')
		clean = appendLine(clean, nil, raw[:i], false)
		raw = raw[i+1:]
	}
	if len(clean) == 0 {
		return nil
	}
	text := string(bytes.ToValidUTF8(bytes.TrimSuffix(clean, []byte{'\n'}), []byte("\uFFFD")))
	return strings.Split(text, "\n")
}
