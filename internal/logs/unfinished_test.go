package logs

import (
	"strings"
	"testing"
)

func TestTheUnfinishedLine(t *testing.T) {
	for _, c := range []struct {
		chunks []string
		want   string
	}{
		{[]string{"a\nb"}, "b"},
		{[]string{"a\nb\n"}, ""},
		{[]string{"Pass", "wd: "}, "Passwd: "},
		{[]string{"a", "b\nc", "d"}, "cd"},
		{[]string{strings.Repeat("x", 20), "y"}, "xxxxxxxy"},
		{[]string{"abcdef", "ghijkl"}, "efghijkl"},
		{[]string{"abc", strings.Repeat("y", 9)}, "yyyyyyyy"},
	} {
		var open []byte
		for _, chunk := range c.chunks {
			open = Unfinished(open, []byte(chunk), 8)
		}
		if string(open) != c.want {
			t.Errorf("%q leaves %q, want %q", c.chunks, open, c.want)
		}
	}
}

// TestWhatIsShownOfAPromptAsksNothing: a terminal would answer into the service.
func TestWhatIsShownOfAPromptAsksNothing(t *testing.T) {
	for line, want := range map[string]string{
		"\x1b[?2004h\x1b[6n>>> ":             ">>> ",
		"old\r\x1b[2K\x1b[32mdb\x1b[0m> ":    "\x1b[32mdb\x1b[0m> ",
		"\x1b]0;title\aPassword for \xc3":    "Password for ",
		"\x1b[1G\x1b[0J> \x1b[3G":            "> ",
		"\x1b[31mred":                        "\x1b[31mred\x1b[0m",
		"\x1b[?1049h\x1b[c\x1b]11;?\x1b\\ok": "ok",
	} {
		if got := string(Shown([]byte(line))); got != want {
			t.Errorf("%q shows %q, want %q", line, got, want)
		}
	}
}
