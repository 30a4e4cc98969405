package view

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Modes follows what a program switches on in the terminal that shows its bytes, so that
// it can be switched off when the program is not shown any more: another screen, a hidden
// cursor, reports of the mouse, another keyboard.
type Modes struct {
	// undo has the sequence for each thing that is not as usual. It is undone by its name.
	undo map[string]string
	// seq is the sequence that has begun, from its ESC on; in says of which kind it is.
	seq []byte
	in  sequenceKind
	// keyboards is how many were pushed.
	keyboards int
}

type sequenceKind byte

const (
	inText sequenceKind = iota
	inEscape
	inCSI
	// inString is a title or the like, which ends with BEL or ESC \.
	inString
)

const (
	mostSequence = 128
	mostModes    = 64
	// keyboard comes first: what was pushed belongs to the screen that may be left.
	keyboard = "0 keyboard"
)

// See takes what the terminal is shown.
func (m *Modes) See(p []byte) {
	for len(p) > 0 {
		if m.in == inText || m.in == inString {
			i := bytes.IndexAny(p, "\x1b\a\x0e\x0f")
			if i < 0 {
				return
			}
			p = p[i:]
		}
		m.step(p[0])
		p = p[1:]
	}
}

func (m *Modes) step(c byte) {
	switch {
	case c == 0x1b:
		m.in, m.seq = inEscape, m.seq[:0]
	case c == '\a' && m.in == inString:
		m.in = inText
	case c == 0x0e, c == 0x0f:
		m.set("shift", "\x0f", c == 0x0e)
	case m.in == inEscape:
		m.escape(c)
	case m.in == inCSI && c >= 0x40 && c < 0x7f:
		m.in = inText
		m.control(string(m.seq), c)
	case m.in == inCSI && len(m.seq) < mostSequence:
		m.seq = append(m.seq, c)
	case m.in == inCSI:
		m.in = inText
	}
}

// escape takes what follows an ESC: mostly one byte, of which some have one before.
func (m *Modes) escape(c byte) {
	m.seq = append(m.seq, c)
	switch m.seq[0] {
	case '[':
		m.in, m.seq = inCSI, m.seq[:0]
		return
	case ']', 'P', '_', '^', 'X':
		m.in = inString
		return
	case '=', '>':
		m.set("keypad", "\x1b>", c == '=')
	case 'c':
		clear(m.undo)
		m.keyboards = 0
	case '(':
		if len(m.seq) < 2 {
			return
		}
		m.set("charset", "\x1b(B", c != 'B')
	}
	m.in = inText
}

// control takes a control sequence, without its introducer and its end.
func (m *Modes) control(params string, end byte) {
	switch private, rest := params[:min(1, len(params))], params[min(1, len(params)):]; {
	case private == "?" && (end == 'h' || end == 'l'):
		for number := range strings.SplitSeq(rest, ";") {
			m.mode(number, end == 'h')
		}
	case private == ">" && end == 'u':
		m.push(1)
	case private == "<" && end == 'u':
		n, _ := strconv.Atoi(rest)
		m.push(-max(1, n))
	case private == ">" && end == 'm':
		m.set("keys", "\x1b[>4m", rest != "4" && rest != "4;0")
	case end == 'm':
		m.set("colour", "\x1b[m", strings.Trim(params, "0;") != "")
	case end == 'r' && private != "?":
		m.set("region", "\x1b7\x1b[r\x1b8", params != "")
	case end == 'q' && strings.HasSuffix(params, " "):
		m.set("cursor", "\x1b[0 q", strings.Trim(params, "0 ") != "")
	}
}

// mode follows a mode of DEC's. Most are off as a rule.
func (m *Modes) mode(number string, on bool) {
	if n, err := strconv.Atoi(number); err != nil || n < 1 || n > 9999 {
		return
	}
	usually := number == "7" || number == "25"
	back := byte('l')
	if usually {
		back = 'h'
	}
	m.set("?"+number, fmt.Sprintf("\x1b[?%s%c", number, back), on != usually)
}

func (m *Modes) push(n int) {
	m.keyboards = min(max(0, m.keyboards+n), mostModes)
	m.set(keyboard, fmt.Sprintf("\x1b[<%du", m.keyboards), m.keyboards > 0)
}

func (m *Modes) set(name, undo string, unusual bool) {
	switch {
	case !unusual:
		delete(m.undo, name)
	case len(m.undo) < mostModes || m.undo[name] != "":
		if m.undo == nil {
			m.undo = map[string]string{}
		}
		m.undo[name] = undo
	}
}

// Cut returns what ends a sequence that has begun, and takes it for ended.
func (m *Modes) Cut() []byte {
	if m.in == inText {
		return nil
	}
	m.in = inText
	return []byte{0x18} // CAN
}

// Undo returns what makes the terminal as usual, and takes it for done.
func (m *Modes) Undo() []byte {
	out := m.Cut()
	for _, name := range slices.Sorted(maps.Keys(m.undo)) {
		out = append(out, m.undo[name]...)
	}
	*m = Modes{}
	return out
}
