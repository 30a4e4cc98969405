package logs

import (
	"bytes"
	"regexp"
	"slices"
)

// Matching is a Query.Match for lines in whose text, as a terminal shows it and without
// colours, re finds something.
func Matching(re *regexp.Regexp) func(line []byte) bool {
	return func(line []byte) bool {
		if plain(line) {
			return re.Match(line)
		}
		rows := appendLine(nil, nil, line, false)
		return slices.ContainsFunc(bytes.Split(rows[:len(rows)-1], []byte{'\n'}), re.Match)
	}
}
