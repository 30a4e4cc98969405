package logs

import "slices"

// Choice chooses lines of one service that match, and those around them.
type Choice struct {
	q Query
	// before are the last lines that were not chosen, at most q.Before.
	before []Line
	// after is how many lines behind a chosen one are still wanted.
	after int
	// chosen says that the last line taken matches.
	chosen bool
	// given is where the last line given ended; 0 is none.
	given Cursor
}

// NewChoice returns a Choice by q.Grep, q.Before and q.After.
func NewChoice(q Query) *Choice { return &Choice{q: q} }

// Take takes the next line and returns those that are wanted by now, in order. The text
// of l is not kept.
func (c *Choice) Take(l Line) []Line {
	c.chosen = c.q.Grep == nil || c.q.Grep.Match(l.Text)
	switch {
	case c.chosen:
		lines := append(c.before, l)
		c.before, c.after = nil, c.q.After
		return c.give(lines)
	case c.after > 0:
		c.after--
		return c.give([]Line{l})
	case c.q.Before > 0:
		if len(c.before) == c.q.Before {
			c.before = slices.Delete(c.before, 0, 1)
		}
		l.Text = slices.Clone(l.Text)
		c.before = append(c.before, l)
	}
	return nil
}

// give marks lines as context, and whether others were left out before them.
func (c *Choice) give(lines []Line) []Line {
	if c.q.Before > 0 || c.q.After > 0 {
		lines[0].Apart = c.given > 0 && lines[0].start > c.given
		lines[len(lines)-1].Context = !c.chosen
		for i := range lines[:len(lines)-1] {
			lines[i].Context = true
		}
	}
	c.given = lines[len(lines)-1].Next
	return lines
}
