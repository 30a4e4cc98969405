package logs

import (
	"strings"
)

// OneLine returns s on one line, without anything that moves the cursor.
func OneLine(s string) string {
	s = strings.NewReplacer("\t", " ", "\n", " ").Replace(s)
	return string(appendText(nil, []byte(s), false))
}

// fitRow cuts text to so many columns, and keeps its colours if it may.
func fitRow(text []byte, columns int, colour bool) []byte {
	c := newCanvas()
	c.draw(text)
	r := c.row()
	if len(r.cells) > columns {
		r.split(columns - 1)
		r.cells = append(r.cells[:columns-1], cell{"…", ""})
	}
	return r.appendTo(nil, colour)
}
