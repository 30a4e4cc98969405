package view

import (
	"bytes"
	"testing"
)

func TestWhatAProgramSwitchedOnIsSwitchedOff(t *testing.T) {
	for shown, want := range map[string]string{
		"plain\r\n":                                      "",
		"\x1b[?1049h\x1b[?25l\x1b[2J\x1b[1;1H":           "\x1b[?1049l\x1b[?25h",
		"\x1b[?1049h\x1b[?25l\x1b[?25h\x1b[?1049l":       "",
		"\x1b[?1000;1006hx\x1b[?1006l":                   "\x1b[?1000l",
		"\x1b[?2004h>>> ":                                "\x1b[?2004l",
		"\x1b[?7l":                                       "\x1b[?7h",
		"\x1b[1;31mred":                                  "\x1b[m",
		"\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[m":         "",
		"\x1b[>1u\x1b[>3u":                               "\x1b[<2u",
		"\x1b[>1u\x1b[?1049h\x1b[>1u\x1b[<u":             "\x1b[<1u\x1b[?1049l",
		"\x1b[>1u\x1b[<9u":                               "",
		"\x1b[>4;2m":                                     "\x1b[>4m",
		"\x1b=\x1b(0\x0e":                                "\x1b(B\x1b>\x0f",
		"\x1b=\x1b>\x1b(0\x1b(B\x0e\x0f":                 "",
		"\x1b[2;20r":                                     "\x1b7\x1b[r\x1b8",
		"\x1b[4 q":                                       "\x1b[0 q",
		"\x1b]0;[?25l\x1b\\\x1b]0;\x1b[?25l":             "\x1b[?25h",
		"\x1bP+q\x1b\\\x1b]8;;[?25l\a":                   "",
		"\x1b[?25l\x1bc":                                 "",
		"\x1b[?25":                                       "\x18",
		"\x1b[?25l\x1b":                                  "\x18\x1b[?25h",
		"\x1b[?x;;9999999999999999999;0h\x1b[<xu\x1b[?u": "",
	} {
		whole, pieces := Modes{}, Modes{}
		whole.See([]byte(shown))
		for i := range len(shown) {
			pieces.See([]byte(shown)[i : i+1])
		}
		if got := string(whole.Undo()); got != want {
			t.Errorf("%q is undone by %q, want %q", shown, got, want)
		}
		if got := string(pieces.Undo()); got != want {
			t.Errorf("%q, a byte at a time, is undone by %q, want %q", shown, got, want)
		}
		if got := whole.Undo(); len(got) > 0 {
			t.Errorf("and then by %q", got)
		}
	}
}

// FuzzModes: it is the same however the bytes come, never large, and what undoes leaves
// nothing to undo.
func FuzzModes(f *testing.F) {
	for _, seed := range []string{"", "\x1b[?1049h\x1b[?25l", "\x1b[>1u\x1b[>4;2m\x1b(0\x0e", "\x1b]0;x\a\x1b[1;2r\x1b[3 q", "\x1b[\x1b[?7l\x18"} {
		f.Add([]byte(seed), 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		at = min(max(0, at), len(data))
		var whole, pieces Modes
		whole.See(data)
		pieces.See(data[:at])
		pieces.See(data[at:])
		undo := whole.Undo()
		if other := pieces.Undo(); !bytes.Equal(undo, other) || len(undo) > 1000 {
			t.Fatalf("%q is undone by %q, in pieces by %q", data, undo, other)
		}
		var after Modes
		after.See(bytes.TrimPrefix(undo, []byte{0x18}))
		for name, left := range after.undo {
			if name != keyboard { // It pops what this one has not pushed.
				t.Errorf("%q leaves %s: %q", undo, name, left)
			}
		}
	})
}
