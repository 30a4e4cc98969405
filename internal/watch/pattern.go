package watch

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// pattern is one of doublestar's, made absolute. It stands for what it matches and,
// where that is a directory, for all that is in it.
type pattern struct {
	all string
	// parts are its components. One with a slash in braces is its last.
	parts []string
	// literal is how many parts stand for themselves.
	literal int
}

// newPattern reads a pattern that is seen from root.
func newPattern(root, text string) pattern {
	if !path.IsAbs(text) {
		text = quoteMeta(filepath.ToSlash(root)) + "/" + text
	}
	p := pattern{all: path.Clean(text)}
	rest := strings.TrimPrefix(p.all, "/")
	for rest != "" {
		part, after, _ := strings.Cut(rest, "/")
		if strings.Count(part, "{") != strings.Count(part, "}") {
			part, after = rest, ""
		}
		p.parts, rest = append(p.parts, part), after
	}
	for p.literal < len(p.parts) && !isMeta(p.parts[p.literal]) {
		p.literal++
	}
	return p
}

func quoteMeta(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`).Replace(s)
}

// isMeta reports whether a part stands for more than itself.
func isMeta(part string) bool {
	for i := 0; i < len(part); i++ {
		switch part[i] {
		case '\\':
			i++
		case '*', '?', '[', '{':
			return true
		}
	}
	return false
}

func (p pattern) match(file string) bool {
	file = filepath.ToSlash(file)
	return is(p.all, file) || is(p.all+"/**", file)
}

// is takes a pattern that is none for one that matches nothing.
func is(pattern, name string) bool {
	ok, err := doublestar.Match(pattern, name)
	return ok && err == nil
}

// below reports whether something in dir can match.
func (p pattern) below(dir string) bool {
	rest := strings.TrimPrefix(filepath.ToSlash(dir), "/")
	for _, part := range p.parts {
		if rest == "" || part == "**" || strings.Contains(part, "/") {
			return true
		}
		var name string
		if name, rest, _ = strings.Cut(rest, "/"); !is(part, name) {
			return false
		}
	}
	return true
}

// base is the path up to where the pattern begins to stand for more than itself.
func (p pattern) base() string {
	var parts []string
	for _, part := range p.parts[:p.literal] {
		var b strings.Builder
		for i := 0; i < len(part); i++ {
			if part[i] == '\\' && i+1 < len(part) {
				i++
			}
			b.WriteByte(part[i])
		}
		parts = append(parts, b.String())
	}
	return filepath.FromSlash("/" + strings.Join(parts, "/"))
}

// exclusion is a pattern of what is left out. Without a slash it is one of names,
// at any depth.
func exclusion(root, text string) pattern {
	if text = strings.TrimSuffix(text, "/"); !strings.Contains(text, "/") {
		text = "**/" + text
	}
	return newPattern(root, text)
}
