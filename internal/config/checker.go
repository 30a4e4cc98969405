package config

import (
	"cmp"
	"fmt"
	"slices"
)

// checker reads nodes into typed values and collects what is wrong with them. A
// reader of a value that is wrong returns the zero value: its mistake is noted,
// and reading goes on.
type checker struct {
	sources  []*source
	dir      string
	mistakes Mistakes
	// conditions are where those of dependencies stand.
	conditions map[Pos]Pos
	// serviceKeyNames are known in [services.NAME].
	serviceKeyNames []string
}

func (c *checker) bad(pos Pos, hint, format string, args ...any) {
	c.mistakes = append(c.mistakes, Mistake{Pos: pos, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

// finish returns what was collected, each mistake once, with its source line, in
// the order of the files and of their lines.
func (c *checker) finish() Mistakes {
	order := func(m Mistake) int {
		return slices.IndexFunc(c.sources, func(s *source) bool { return s.name == m.Pos.File })
	}
	slices.SortStableFunc(c.mistakes, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	var once Mistakes
	for _, m := range c.mistakes {
		if i := order(m); i >= 0 {
			m.Line = c.sources[i].line(m.Pos.Line)
		}
		if !slices.Contains(once, m) {
			once = append(once, m)
		}
	}
	return once
}

// wrong reports that n is of another kind than expected.
func (c *checker) wrong(n *node, expected, hint string) {
	c.bad(n.pos(), hint, "expected %s, found %s", expected, n.kind())
}
