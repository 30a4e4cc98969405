package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func stream(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

func TestCountSeesWhatIsLostTornOrOutOfOrder(t *testing.T) {
	tests := []struct {
		name              string
		text              string
		whole, outOfOrder int
	}{
		{"bare", stream("a.0xxxxxx;", "a.1xxxxxx;", "b.0xxxxxx;"), 3, 0},
		{"behind a prefix", stream("a | a.0xxxxxx;", "[b] b.0xxxxxx;", "12:00:00 a | a.1xxxxxx;"), 3, 0},
		{"torn", stream("a | a.0xxx", "a | xxx;", "a | a.1xxxxxx;"), 1, 1},
		{"lost", stream("a.0xxxxxx;", "a.2xxxxxx;"), 2, 1},
		{"swapped", stream("a.1xxxxxx;", "a.0xxxxxx;"), 2, 2},
		{"merged", stream("a.0xxxxxx;a.1xxxxxx;"), 0, 0},
		{"words of the contender", stream("lhrun | a is ready", "", "lhrun | v1.2x;"), 0, 0},
		{"no newline at the end", "a.0xxxxxx;", 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := count(strings.NewReader(test.text), len("a.0xxxxxx;\n"))
			if err != nil || got.whole != test.whole || got.outOfOrder != test.outOfOrder {
				t.Errorf("%d whole, %d out of order, %v", got.whole, got.outOfOrder, err)
			}
		})
	}
}

func FuzzReadsWhatContendersWrite(f *testing.F) {
	f.Add("a | a.0xxxxxx;\n", 11)
	f.Add("s1 1 listening 1700000000000000000", 100)
	f.Add("x | s1.1700000000000000000;", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if _, err := count(strings.NewReader(text), size); err != nil && !strings.Contains(err.Error(), "buffer full") {
			t.Error(err)
		}
		if w, ok := parseWord(text); ok && w.service == "" {
			t.Errorf("%q has no service", text)
		}
		written(text)
		saysReady(text)
	})
}

func TestReadsServicesWords(t *testing.T) {
	at := time.Unix(0, 1_700_000_000_123_456_789)
	w, ok := parseWord(fmt.Sprintf("api 42 listening %d", at.UnixNano()))
	if !ok || w != (word{"api", 42, listening, at}) {
		t.Error(w, ok)
	}
	got, ok := written(fmt.Sprintf("api | api.%d;\n", at.UnixNano()))
	if !ok || !got.Equal(at) {
		t.Error(got, ok)
	}
	if name, ok := saysReady("lhrun | api is ready after 3ms, http://127.0.0.1:1\n"); name != "api" || !ok {
		t.Error(name, ok)
	}
}
