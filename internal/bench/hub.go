package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// hub is where the services of one run tell what they do. They live as long as it.
type hub struct {
	path     string
	listener net.Listener
	words    chan word

	mu    sync.Mutex
	conns map[net.Conn]bool
	wg    sync.WaitGroup
	once  sync.Once
}

// word is what a service says, or that it has gone.
type word struct {
	service string
	pid     int
	what    string
	at      time.Time
}

const (
	listening = "listening"
	done      = "done"
	gone      = "gone"
)

func openHub(path string) (*hub, error) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	h := &hub{path: path, listener: l, words: make(chan word, 4096), conns: map[net.Conn]bool{}}
	h.wg.Go(h.accept)
	return h, nil
}

func (h *hub) accept() {
	for {
		c, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		h.conns[c] = true
		h.mu.Unlock()
		h.wg.Go(func() { h.hear(c) })
	}
}

func (h *hub) hear(c net.Conn) {
	var last word
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if w, ok := parseWord(lines.Text()); ok {
			last = w
			h.words <- w
		}
	}
	h.mu.Lock()
	delete(h.conns, c)
	h.mu.Unlock()
	c.Close()
	last.what, last.at = gone, time.Now()
	h.words <- last
}

// parseWord reads "NAME PID WHAT NANOSECONDS".
func parseWord(line string) (word, bool) {
	f := strings.Fields(line)
	if len(f) != 4 {
		return word{}, false
	}
	pid, err := strconv.Atoi(f[1])
	at, err2 := strconv.ParseInt(f[3], 10, 64)
	return word{f[0], pid, f[2], time.Unix(0, at)}, err == nil && err2 == nil
}

// say sends every service a word.
func (h *hub) say() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.conns {
		c.Write([]byte{'\n'})
	}
}

// await collects n words of one kind, and hands every word to each as it comes.
func (h *hub) await(ctx context.Context, n int, what string, each func(word)) ([]word, error) {
	var got []word
	for len(got) < n {
		select {
		case w := <-h.words:
			if w.what == what {
				got = append(got, w)
			}
			if each != nil {
				each(w)
			}
		case <-ctx.Done():
			return got, fmt.Errorf("%d of %d services were %s: %w", len(got), n, what, context.Cause(ctx))
		}
	}
	return got, nil
}

// close ends every service.
func (h *hub) close() { h.once.Do(h.shut) }

func (h *hub) shut() {
	h.listener.Close()
	h.mu.Lock()
	for c := range h.conns {
		c.Close()
	}
	h.mu.Unlock()
	go func() { // what still comes is nobody's
		for range h.words {
		}
	}()
	h.wg.Wait()
	close(h.words)
}

// last is the latest time in words.
func last(words []word) (at time.Time) {
	for _, w := range words {
		if w.at.After(at) {
			at = w.at
		}
	}
	return at
}
