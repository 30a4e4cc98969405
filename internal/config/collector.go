package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxTold mistakes are told; a file with more is something else.
	maxTold = 100
	// maxKept mistakes are kept to choose from; more are only counted.
	maxKept = 3 * maxTold
	// maxWords bounds a message, or what it quotes, in bytes.
	maxWords = 4096
)

// collector gathers mistakes. However many there are and however long what they
// quote is, it stays small.
type collector struct {
	mistakes Mistakes
	seen     map[Mistake]bool // those of mistakes
	more     int              // those that are not kept
}

func (c *collector) bad(pos Pos, hint, format string, args ...any) {
	if c.full() {
		c.more++
		return
	}
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = shorten(s)
		}
	}
	c.add(Mistake{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (c *collector) add(mistakes ...Mistake) {
	for _, m := range mistakes {
		if c.full() {
			c.more++
			continue
		}
		m.Msg, m.Hint = shorten(m.Msg), shorten(m.Hint)
		if c.seen == nil {
			c.seen = map[Mistake]bool{}
		}
		if !c.seen[m] {
			c.seen[m] = true
			c.mistakes = append(c.mistakes, m)
		}
	}
}

// full reports whether further mistakes are only counted.
func (c *collector) full() bool { return len(c.mistakes) >= maxKept }

// shorten returns s, or its beginning where it is too long to be read.
func shorten(s string) string {
	if len(s) <= maxWords {
		return s
	}
	end := maxWords
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.Clone(s[:end]) + "…"
}

// inOrder returns what was collected, each mistake once, with its source line, in
// the order of the files and of their lines. Of very many it returns the first, and
// a last one that says how many more there are.
func (c *collector) inOrder(sources []*source) Mistakes {
	order := func(m Mistake) int {
		return slices.IndexFunc(sources, func(s *source) bool { return s.name == m.Pos.File })
	}
	slices.SortStableFunc(c.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	told := c.mistakes[:min(len(c.mistakes), maxTold)]
	for i, m := range told {
		if at := order(m); at >= 0 {
			told[i].Line = sources[at].line(m.Pos.Line)
		}
	}
	if more := c.more + len(c.mistakes) - len(told); more > 0 {
		last := Pos{File: told[len(told)-1].Pos.File}
		msg := fmt.Sprintf("and %d more mistakes", more)
		if more == 1 {
			msg = "and 1 more mistake"
		}
		told = append(told[:len(told):len(told)], Mistake{Pos: last, Msg: msg})
	}
	return told
}
