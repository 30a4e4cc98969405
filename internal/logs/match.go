package logs

import "regexp"

// Matching is a Query.Match for lines in whose text, without colours and other
// escapes, re finds something.
func Matching(re *regexp.Regexp) func(line []byte) bool {
	return func(line []byte) bool {
		if !plain(line) {
			line = appendText(nil, line, false)
		}
		return re.Match(line)
	}
}
