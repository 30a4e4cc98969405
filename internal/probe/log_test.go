package probe

import (
	"regexp"
	"sync"
	"testing"
)

func TestLogMatches(t *testing.T) {
	for _, c := range []struct {
		re, line string
		want     bool
	}{
		{"ready", "server ready in 3 ms", true},
		{"ready", "server is up", false},
		{"ready$", "ready\r\n", true},
		{"^ready in 3", "\x1b[32mready\x1b[0m in \x1b[1m3\x1b[22m ms", true},
		{`\x1b\[32m`, "\x1b[32mready", true},
		{"ready", "\x1b]0;ready\x07", true},
		{"^$", "\x1b]0;title\x07", true},
		{"x", "", false},
	} {
		feed, matched := Log(regexp.MustCompile(c.re))
		feed([]byte("another line"))
		feed([]byte(c.line))
		select {
		case <-matched:
			if !c.want {
				t.Errorf("%q matched %q", c.line, c.re)
			}
		default:
			if c.want {
				t.Errorf("%q did not match %q", c.line, c.re)
			}
		}
	}
}

func TestLogTakesLinesOfSeveralReaders(t *testing.T) {
	feed, matched := Log(regexp.MustCompile("ready"))
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for range 100 {
				feed([]byte("ready"))
			}
		})
	}
	readers.Wait()
	<-matched
}

func TestLinesTellsEveryMatch(t *testing.T) {
	n := 0
	feed := Lines(regexp.MustCompile(`^beat \d`), func() { n++ })
	for _, line := range []string{"beat 1\n", "a beat 2\n", "\x1b[32mbeat\x1b[0m 3\r\n", "beat 4"} {
		feed([]byte(line))
	}
	if n != 3 {
		t.Errorf("%d matches, want 3", n)
	}
}
