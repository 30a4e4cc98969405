package logs

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

const (
	// mostLiterals is how many texts are looked for at once.
	mostLiterals = 8
	// leastLiteral is the least length: shorter texts occur too often to help.
	leastLiteral = 2
)

// literals is a set of texts; each match of an expression contains one of them.
type literals struct {
	texts []string
	fold  bool
}

// mostSets is how many sets of texts are looked for: each costs a search.
const mostSets = 4

// requiredLiterals returns sets of texts such that each match of the regular expression
// contains a text of each set, in lower case if fold. It prefers long ones, and returns nil
// if it finds none.
func requiredLiterals(expression string) (sets [][][]byte, fold bool) {
	re, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, false
	}
	found := slices.DeleteFunc(parts(re), func(l literals) bool { return l.least() < leastLiteral })
	slices.SortStableFunc(found, func(a, b literals) int { return b.least() - a.least() })
	for _, l := range found {
		if l.fold != found[0].fold || len(sets) == mostSets {
			continue
		}
		var texts [][]byte
		for _, text := range l.texts {
			texts = append(texts, []byte(text))
		}
		sets = append(sets, texts)
	}
	return sets, len(found) > 0 && found[0].fold
}

// parts are the literals that a match of re has, all of them.
func parts(re *syntax.Regexp) (all []literals) {
	switch re.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return parts(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			all = append(all, parts(sub)...)
		}
		return all
	}
	if l, ok := required(re); ok {
		all = append(all, l)
	}
	return all
}

func required(re *syntax.Regexp) (literals, bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return ofRunes(re.Rune, re.Flags&syntax.FoldCase != 0)
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == 0 {
			return literals{}, false
		}
		return required(re.Sub[0])
	case syntax.OpConcat:
		return best(re.Sub)
	case syntax.OpAlternate:
		return union(re.Sub)
	}
	return literals{}, false
}

// ofRunes returns the text of runes, if a line that matches contains its very bytes.
func ofRunes(runes []rune, fold bool) (literals, bool) {
	text := make([]rune, len(runes))
	for i, r := range runes {
		if r == utf8.RuneError || fold && r >= utf8.RuneSelf {
			return literals{}, false
		}
		if text[i] = r; fold {
			text[i] = unicode.ToLower(r)
		}
	}
	return literals{[]string{string(text)}, fold}, true
}

// best returns the longest literals that one of subs requires, as a match has all subs.
func best(subs []*syntax.Regexp) (found literals, ok bool) {
	for _, sub := range subs {
		if l, known := required(sub); known && (!ok || l.least() > found.least()) {
			found, ok = l, true
		}
	}
	return found, ok
}

// union returns the literals of all subs, as a match has one of them.
func union(subs []*syntax.Regexp) (all literals, ok bool) {
	for i, sub := range subs {
		l, known := required(sub)
		if !known || i > 0 && l.fold != all.fold || len(all.texts)+len(l.texts) > mostLiterals {
			return literals{}, false
		}
		all.texts, all.fold = append(all.texts, l.texts...), l.fold
	}
	return all, len(subs) > 0
}

// least returns the length of the shortest text.
func (l literals) least() int {
	n := len(l.texts[0])
	for _, text := range l.texts {
		n = min(n, len(text))
	}
	return n
}
