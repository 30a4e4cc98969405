package probe

import (
	"bytes"
	"regexp"
	"sync"
)

// Log watches output for a line that matches re, as Lines does. matched is closed
// at the first match.
func Log(re *regexp.Regexp) (feed func(line []byte), matched <-chan struct{}) {
	done := make(chan struct{})
	var once sync.Once
	see := Lines(re, func() { once.Do(func() { close(done) }) })
	feed = func(line []byte) {
		select {
		case <-done:
		default:
			see(line)
		}
	}
	return feed, done
}

// Lines calls match for each line that matches re, with or without its terminal
// escapes: coloured words still match. feed takes one line, keeps nothing of it
// and may be called by several readers at once.
func Lines(re *regexp.Regexp, match func()) (feed func(line []byte)) {
	return func(line []byte) {
		line = bytes.TrimRight(line, "\r\n")
		if re.Match(line) || bytes.IndexByte(line, esc) >= 0 && re.Match(withoutEscapes(line)) {
			match()
		}
	}
}
