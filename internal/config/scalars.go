package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// str reads a string that is not empty. A nil node is "".
func (c *checker) str(n *node) string {
	if n == nil {
		return ""
	}
	s, ok := n.scalar.(string)
	switch {
	case !ok:
		c.wrong(n, "a string", quoteHint(n))
	case strings.TrimSpace(s) == "":
		c.bad(n.pos(), "", "the string is empty")
	case strings.ContainsRune(s, 0):
		c.bad(n.pos(), "", "the string holds a NUL character")
	default:
		return s
	}
	return ""
}

func quoteHint(n *node) string {
	if n.isTable || n.isArray {
		return ""
	}
	return fmt.Sprintf("put it in quotes: %q", n.written())
}

func (c *checker) text(n *node) Text {
	if n == nil {
		return Text{}
	}
	return Text{Raw: c.str(n), Pos: n.pos()}
}

func (c *checker) boolean(n *node, absent bool) bool {
	if n == nil {
		return absent
	}
	b, ok := n.scalar.(bool)
	if !ok {
		c.wrong(n, "true or false", "")
		return absent
	}
	return b
}

// integer reads a whole number from lo to hi.
func (c *checker) integer(n *node, lo, hi int) int {
	if n == nil {
		return 0
	}
	i, ok := n.scalar.(int64)
	if !ok {
		c.wrong(n, "an integer", "")
		return 0
	}
	if i < int64(lo) || i > int64(hi) {
		c.bad(n.pos(), "", "%d is not between %d and %d", i, lo, hi)
		return 0
	}
	return int(i)
}

// oneOf reads one of a few words.
func (c *checker) oneOf(n *node, words ...string) string {
	if n == nil {
		return ""
	}
	s, ok := n.scalar.(string)
	if !ok {
		c.wrong(n, choice(words), "")
		return ""
	}
	if slices.Contains(words, s) {
		return s
	}
	c.bad(n.pos(), meantHint(s, words), "%q is not %s", s, choice(words))
	return ""
}

// meantHint suggests one of words for s; "" where none is near.
func meantHint(s string, words []string) string {
	meant := Suggest(s, words)
	if meant == "" {
		meant = alias(s, words)
	}
	if meant == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", meant)
}

// choice lists words as people do: "a", "b" or "c".
func choice(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	last := len(quoted) - 1
	if last == 0 {
		return quoted[0]
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

// list reads a string or an array of strings.
func (c *checker) list(n *node) []Text {
	if n == nil {
		return nil
	}
	if _, ok := n.scalar.(string); ok {
		return c.nonEmpty([]Text{c.text(n)})
	}
	if !n.isArray {
		c.wrong(n, "a string or an array of strings", "")
		return nil
	}
	return c.array(n, "")
}

// array reads an array of strings, none of them empty.
func (c *checker) array(n *node, hint string) []Text {
	if n == nil {
		return nil
	}
	if !n.isArray {
		c.wrong(n, "an array of strings", hint)
		return nil
	}
	texts := make([]Text, 0, len(n.elements))
	for _, element := range n.elements {
		texts = append(texts, c.text(element))
	}
	return c.nonEmpty(texts)
}

// nonEmpty drops what was a mistake.
func (c *checker) nonEmpty(texts []Text) []Text {
	return slices.DeleteFunc(texts, func(t Text) bool { return t.Raw == "" })
}

func raws(texts []Text) []string {
	var words []string
	for _, t := range texts {
		words = append(words, t.Raw)
	}
	return words
}

// duration reads one of Go's durations. What 0 would mean elsewhere is the
// default, so a zero that was written becomes the shortest there is.
func (c *checker) duration(n *node) time.Duration {
	if n == nil {
		return 0
	}
	s, ok := n.scalar.(string)
	if !ok {
		c.wrong(n, `a duration such as "10s"`, fmt.Sprintf("durations are strings with a unit: \"%ss\"", durationDigits(n)))
		return 0
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		c.bad(n.pos(), durationHint(s), "%q is not a duration", s)
		return 0
	case d < 0:
		c.bad(n.pos(), "", "the duration %s is negative", s)
		return 0
	}
	return max(d, 1)
}

func durationDigits(n *node) string {
	if _, ok := n.scalar.(int64); ok {
		return n.written()
	}
	return "10"
}

func durationHint(s string) string {
	squeezed := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	number := strings.TrimRight(squeezed, "abcdefghijklmnopqrstuvwxyz")
	unit := ""
	switch squeezed[len(number):] {
	case "", "s", "sec", "secs", "second", "seconds":
		unit = "s"
	case "m", "min", "mins", "minute", "minutes":
		unit = "m"
	case "h", "hour", "hours":
		unit = "h"
	case "ms", "msec", "millis", "milliseconds":
		unit = "ms"
	}
	if _, err := time.ParseDuration(number + unit); err == nil && unit != "" {
		return fmt.Sprintf("did you mean %q?", number+unit)
	}
	return `durations look like "300ms", "10s" or "1m30s"`
}

// patience reads a duration that has to be longer than nothing.
func (c *checker) patience(n *node) time.Duration {
	d := c.duration(n)
	if d == 1 {
		c.bad(n.pos(), "", "the duration has to be longer than 0")
		return 0
	}
	return d
}

func (c *checker) signal(n *node) syscall.Signal {
	if n == nil {
		return 0
	}
	s, ok := n.scalar.(string)
	if !ok {
		c.wrong(n, `a signal's name such as "INT"`, "")
		return 0
	}
	name := strings.TrimPrefix(strings.ToUpper(s), "SIG")
	sig := signalNumber("SIG" + name)
	if sig == 0 {
		c.bad(n.pos(), meantHint(name, signalNames()), "%q is not a signal", s)
	}
	return sig
}

// size reads bytes: a number, or a string with a unit.
func (c *checker) size(n *node) int64 {
	switch v := n.scalar.(type) {
	case int64:
		if v > 0 {
			return v
		}
	case string:
		if bytes, ok := parseSize(v); ok {
			return bytes
		}
	}
	c.bad(n.pos(), `sizes look like "10MiB" or 1048576`, "%s is not a size in bytes", n.written())
	return 0
}

func parseSize(s string) (int64, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz ")
	var unit int64
	switch strings.TrimSpace(s[len(digits):]) {
	case "", "b":
		unit = 1
	case "kb":
		unit = 1e3
	case "mb":
		unit = 1e6
	case "gb":
		unit = 1e9
	case "k", "kib":
		unit = 1 << 10
	case "m", "mib":
		unit = 1 << 20
	case "g", "gib":
		unit = 1 << 30
	}
	number, err := strconv.ParseFloat(digits, 64)
	bytes := number * float64(unit)
	if err != nil || bytes < 1 || bytes > 1<<50 {
		return 0, false
	}
	return int64(bytes), true
}
