package watch

import (
	"fmt"
	"regexp"
	"strings"
)

// wildmatch translates a pattern of a .gitignore to a regular expression over
// bytes(path); ok is false for one that git matches with nothing.
func wildmatch(pattern string) (re *regexp.Regexp, ok bool) {
	t := translator{in: pattern}
	t.out.WriteString(`(?s)\A`)
	for t.at < len(t.in) {
		if !t.step() {
			return nil, false
		}
	}
	t.out.WriteString(`\z`)
	re, err := regexp.Compile(t.out.String())
	return re, err == nil
}

// bytesOf makes each byte a rune, since git's ? stands for one byte.
func bytesOf(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

type translator struct {
	in  string
	at  int
	out strings.Builder
}

func (t *translator) step() bool {
	switch c := t.in[t.at]; c {
	case '*':
		t.stars()
	case '?':
		t.out.WriteString("[^/]")
		t.at++
	case '[':
		return t.class()
	case '\\':
		if t.at++; t.at == len(t.in) {
			return false
		}
		fallthrough
	default:
		t.literal(t.in[t.at])
		t.at++
	}
	return true
}

func (t *translator) literal(c byte) { fmt.Fprintf(&t.out, `\x{%02x}`, c) }

// stars reads a run of them. Two or more that have a path component for themselves
// stand for any number of components; any others for a part of one.
func (t *translator) stars() {
	start := t.at
	for t.at < len(t.in) && t.in[t.at] == '*' {
		t.at++
	}
	first := start == 0 || t.in[start-1] == '/'
	last := t.at == len(t.in) || t.in[t.at] == '/'
	switch {
	case t.at-start < 2 || !first || !last:
		t.out.WriteString("[^/]*")
	case t.at == len(t.in):
		t.out.WriteString(".*")
	default:
		t.out.WriteString("(?:.*/)?")
		t.at++
	}
}

// class reads [a-z], [!x] and [[:alpha:]].
func (t *translator) class() bool {
	var set [256]bool
	in := t.in[t.at+1:]
	negated := in != "" && (in[0] == '!' || in[0] == '^')
	if negated {
		in = in[1:]
	}
	var last byte // what a range may begin with
	for first := true; ; first = false {
		if in == "" {
			return false
		}
		c := in[0]
		if c == ']' && !first {
			break
		}
		if name, rest, named := posix(in); named {
			if !addPosix(&set, name) {
				return false
			}
			in, last = rest, 0
			continue
		}
		if c == '-' && last != 0 && len(in) > 1 && in[1] != ']' {
			c, in = unescape(in[1:])
			if in == "" {
				return false
			}
			for b := int(last); b <= int(c); b++ {
				set[b] = true
			}
			in, last = in[1:], 0
			continue
		}
		if c, in = unescape(in); in == "" {
			return false
		}
		set[c], last, in = true, c, in[1:]
	}
	t.at = len(t.in) - len(in) + 1
	t.writeSet(set, negated)
	return true
}

// unescape returns the byte that s begins with, and s from its last byte on.
func unescape(s string) (byte, string) {
	if s[0] != '\\' {
		return s[0], s
	}
	if len(s) == 1 {
		return 0, ""
	}
	return s[1], s[1:]
}

func posix(in string) (name, rest string, ok bool) {
	in, ok = strings.CutPrefix(in, "[:")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(in, ":]")
	return name, rest, ok && !strings.Contains(name, "]")
}

func addPosix(set *[256]bool, name string) bool {
	re, err := regexp.Compile("[[:" + name + ":]]")
	if err != nil || strings.HasPrefix(name, "^") || name == "word" || name == "ascii" {
		return false
	}
	for b := range 0x80 {
		if re.MatchString(string(rune(b))) {
			set[b] = true
		}
	}
	return true
}

// writeSet never lets a class match a slash.
func (t *translator) writeSet(set [256]bool, negated bool) {
	var members strings.Builder
	for b, in := range set {
		if in != negated && b != '/' {
			fmt.Fprintf(&members, `\x{%02x}`, b)
		}
	}
	if members.Len() == 0 {
		t.out.WriteString(`[^\x{0}-\x{10FFFF}]`)
		return
	}
	t.out.WriteString("[" + members.String() + "]")
}
