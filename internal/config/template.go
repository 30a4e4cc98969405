package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/words"
)

// template is a text cut at its references, in order.
type template []piece

// piece is literal text or, where ref is not nil, a reference.
type piece struct {
	text string
	ref  *reference
}

const literalBraces = `"{{{{" writes "{{"`

// parseTemplate cuts t at its {{…}}. "{{{{" is a literal "{{", and what follows a
// mistake is read on, so one text may have several, up to maxTold.
func parseTemplate(t Text) (template, []Mistake) {
	var out template
	var mistakes []Mistake
	var text strings.Builder
	endText := func() {
		if text.Len() > 0 {
			out = append(out, piece{text: text.String()})
		}
		text.Reset()
	}
	for at := 0; at < len(t.Raw) && len(mistakes) < maxTold; {
		rest := t.Raw[at:]
		open := strings.Index(rest, "{{")
		switch {
		case open != 0:
			if open < 0 {
				open = len(rest)
			}
			text.WriteString(rest[:open])
			at += open
		case strings.HasPrefix(rest, "{{{{"):
			text.WriteString("{{")
			at += 4
		case strings.HasPrefix(rest, "{{{"):
			// As in {"a":{{{port}}}}: the outermost one is text.
			text.WriteString("{")
			at++
		default:
			ref, length, mistake := readReference(t, at)
			if mistake != nil {
				mistakes = append(mistakes, *mistake)
			} else {
				endText()
				out = append(out, piece{ref: ref})
			}
			at += length
		}
	}
	endText()
	return out, mistakes
}

// readReference reads the "{{…}}" at byte at of t and says how long it is.
func readReference(t Text, at int) (*reference, int, *Mistake) {
	inner, _, closed := strings.Cut(t.Raw[at+2:], "}}")
	if !closed || strings.Contains(inner, "{{") || strings.Contains(inner, "\n") {
		return nil, 2, &Mistake{
			Pos:  t.within(at, at+2),
			Msg:  `"{{" is not closed`,
			Hint: `close it with "}}"; ` + literalBraces,
		}
	}
	ref := &reference{text: strings.TrimSpace(inner), in: t, from: at, to: at + len(inner) + 4}
	mistake := ref.parse()
	return ref, ref.to - ref.from, mistake
}

// parse reads what stands between the braces. Whether the service and the port
// exist is for checkReference to say.
func (ref *reference) parse() *Mistake {
	inner := ref.text
	first, rest, dotted := strings.Cut(inner, ".")
	switch {
	case inner == "":
		return &Mistake{Pos: ref.pos(), Msg: `nothing stands between "{{" and "}}"`, Hint: whatExists}
	case !dotted && slices.Contains(projectWords, first), !dotted && slices.Contains(ownWords, first):
		ref.what = first
		return nil
	case first == wordEnv && isVariable(rest), first == wordPorts && words.IsName(rest),
		first == wordTLS && slices.Contains(tlsWords, rest):
		ref.what, ref.name = first, rest
		return nil
	case words.IsName(first) && slices.Contains(ownWords, rest):
		ref.service, ref.what = first, rest
		return nil
	}
	if name, ok := strings.CutPrefix(rest, wordPorts+"."); ok &&
		words.IsName(first) && words.IsName(name) {
		ref.service, ref.what, ref.name = first, wordPorts, name
		return nil
	}
	return &Mistake{Pos: ref.pos(), Msg: "there is no template {{" + inner + "}}", Hint: templateHint(inner)}
}

const whatExists = "there are port, host, url, origin, ports.NAME, the same of another service as SERVICE.port, " +
	"tls.cert, tls.key and tls.ca with tls = true, env.NAME, project, instance and dir; " + literalBraces

// templateHint guesses what the unknown inner should have been.
func templateHint(inner string) string {
	first, rest, dotted := strings.Cut(inner, ".")
	known := slices.Concat(ownWords, projectWords)
	switch {
	case inner == wordEnv, inner == wordPorts:
		return fmt.Sprintf("write {{%s.NAME}}", inner)
	case inner == wordTLS, first == wordTLS && words.Suggest(rest, ownWords) == "":
		return "write {{tls.cert}}, {{tls.key}} or {{tls.ca}}"
	case strings.HasPrefix(rest, wordTLS+"."):
		return "a service can name its own certificate only, as {{" + rest + "}}; the root is the same for all"
	case rest == wordPorts && words.IsName(first):
		return fmt.Sprintf("write {{%s.ports.NAME}}", first)
	case !dotted:
		if word := words.Suggest(inner, known); word != "" {
			return didYouMean("{{" + word + "}}")
		}
	case words.IsName(first):
		if word := words.Suggest(rest, ownWords); word != "" {
			return didYouMean("{{" + first + "." + word + "}}")
		}
	}
	return whatExists
}

func didYouMean(what string) string { return "did you mean " + what + "?" }

// isVariable reports whether s can name an environment variable.
func isVariable(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t=\"'{}\x00")
}

// literal is the text whose template says s.
func literal(s string) string { return strings.ReplaceAll(s, "{{", "{{{{") }

// within is where bytes from to to of t.Raw stand in the file. Pos tells the
// quotes and how many characters are between them, never how they are written;
// where escapes leave more than one possibility, it is the whole value.
func (t Text) within(from, to int) Pos {
	plain := utf8.RuneCountInString
	for _, quote := range []int{1, 3} {
		for _, width := range []func(string) int{plain, escapedWidth} {
			if width(t.Raw)+2*quote != t.Pos.Len {
				continue
			}
			pos := t.Pos
			pos.Col += quote + width(t.Raw[:from])
			pos.Len = width(t.Raw[from:to])
			return pos
		}
	}
	return t.Pos
}

// escapedWidth counts the characters of s in a basic string of TOML, with its
// shortest escapes.
func escapedWidth(s string) int {
	width := 0
	for _, r := range s {
		switch {
		case strings.ContainsRune("\b\t\n\f\r\"\\", r):
			width += 2
		case r < ' ' || r == 0x7f:
			width += len(`\u0000`)
		default:
			width++
		}
	}
	return width
}
