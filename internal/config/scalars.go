package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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
