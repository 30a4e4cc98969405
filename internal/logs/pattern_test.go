package logs

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestLiteralsThatAMatchNeeds(t *testing.T) {
	for expression, want := range map[string]string{
		"error": "error", "xxxx.*zzz": "xxxx & zzz", "a.*longest.*bc": "longest & bc", "(abc)+d": "abc", "(ab){2,}x": "ab",
		"aa(bbb|cc).*dddd": "dddd & aa & bbb cc", "aa.*bb.*cc.*dd.*eee": "eee & aa & bb & cc", "abc.*(?i)defg": "~defg", "a.*b": "", "(ab.*cd)+": "ab & cd",
		"error|panic": "error panic", "error|exception": "rror xception", "^GET /x$": "GET /x", `\[ERROR\]`: "[ERROR]",
		"(?i)Error": "~error", "(?i)error|PANIC": "~error ~panic", "grüße": "grüße", "(?:one|two) three": " three & one two", "(?P<n>abc)?def": "def",
		"": "", ".": "", "a": "", "[ab]c": "", "abc|": "", "abc|.": "", "(abc)*": "", "(abc)?": "", "abc|(?i)def": "", "(?i)grüße": "",
		"(?i)k": "", "\uFFFDabc": "", "aa|bb|cc|dd|ee|ff|gg|hh|ii": "",
	} {
		var got []string
		sets, fold := requiredLiterals(expression)
		for _, texts := range sets {
			var set []string
			for _, text := range texts {
				if fold {
					text = append([]byte("~"), text...)
				}
				set = append(set, string(text))
			}
			got = append(got, strings.Join(set, " "))
		}
		if strings.Join(got, " & ") != want {
			t.Errorf("%q: got %q, want %q", expression, got, want)
		}
	}
}

// grepped reads raw as the log of a service, with q.
func grepped(t testing.TB, dir string, raw []byte, q Query) (lines []string) {
	t.Helper()
	for name, data := range map[string][]byte{"api.log": raw, "api.idx": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	q.All = true
	s := openStore(t, dir, StoreOptions{})
	_, err := s.Merge([]string{"api"}, q, func(_ string, l Line) error {
		text := string(l.Text)
		switch {
		case l.Apart && l.Context:
			text = "--|" + text
		case l.Apart:
			text = "--:" + text
		case l.Context:
			text = "|" + text
		}
		lines = append(lines, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// greppedSlowly is what grepped is to do, line by line.
func greppedSlowly(all []string, re *regexp.Regexp, q Query) (lines []string) {
	var chosen []int
	for i, line := range all {
		rows := appendLine(nil, nil, []byte(line), false)
		if slices.ContainsFunc(bytes.Split(rows[:len(rows)-1], []byte{'\n'}), re.Match) {
			chosen = append(chosen, i)
		}
	}
	next := 0
	if n := len(chosen) - q.Last; q.Last > 0 && n > 0 {
		next, chosen = chosen[n-1]+1, chosen[n:]
	}
	context := q.Before > 0 || q.After > 0
	for k, i := range chosen {
		for j := max(next, i-q.Before); j <= i+q.After && j < len(all); j++ {
			if j > i && k+1 < len(chosen) && j >= chosen[k+1] {
				break
			}
			mark := ""
			if context && len(lines) > 0 && j > next { // next is behind the last one given
				mark = "--"
			}
			switch {
			case context && j != i:
				mark += "|"
			case mark != "":
				mark += ":"
			}
			lines = append(lines, mark+all[j])
			next = j + 1
		}
	}
	return lines
}

func TestContextOfMatches(t *testing.T) {
	raw := []byte("a\nb\nx1\nc\nd\ne\nf\nx2\nx3\ng\nh\n")
	x := NewPattern(regexp.MustCompile("^x"))
	for _, tt := range []struct {
		q    Query
		want string
	}{
		{Query{Grep: x}, "x1 x2 x3"},
		{Query{Grep: x, After: 1}, "x1 |c --:x2 x3 |g"},
		{Query{Grep: x, Before: 1}, "|b x1 --|f x2 x3"},
		{Query{Grep: x, Before: 2, After: 2}, "|a |b x1 |c |d |e |f x2 x3 |g |h"},
		{Query{Grep: x, Before: 1, After: 1}, "|b x1 |c --|f x2 x3 |g"},
		{Query{Grep: x, Before: 9, After: 9}, "|a |b x1 |c |d |e |f x2 x3 |g |h"},
		{Query{Grep: x, Before: 9, Last: 2}, "|c |d |e |f x2 x3"},
		{Query{Grep: x, Before: 9, After: 9, Last: 1}, "x3 |g |h"},
		{Query{Grep: x, Last: 1}, "x3"},
	} {
		if got := strings.Join(grepped(t, t.TempDir(), raw, tt.q), " "); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.q, got, tt.want)
		}
	}
}

func TestMatchedTextIsMarked(t *testing.T) {
	for _, tt := range []struct{ re, line, want string }{
		{"b+", "abbcb", "a\x1b[7mbb\x1b[0mc\x1b[7mb\x1b[0m"},
		{"bc", "\x1b[31mab\x1b[32mc\x1b[m", "\x1b[31ma\x1b[0m\x1b[31;7mb\x1b[0m\x1b[31;32;7mc\x1b[0m"},
		{"ü", "grüße\r", "gr\x1b[7mü\x1b[0mße"},
		{"2", "1%\r2%", "\x1b[7m2\x1b[0m%"},
		{"x*", "abc", "abc"}, {"b", "a\tb", "a\t\x1b[7mb\x1b[0m"}, {"two", "one\x1b[Etwo", "one\n\x1b[7mtwo\x1b[0m"},
	} {
		if got := string(NewPattern(regexp.MustCompile(tt.re)).Mark([]byte(tt.line))); got != tt.want {
			t.Errorf("%q in %q: got %q, want %q", tt.re, tt.line, got, tt.want)
		}
	}
}

// FuzzGrep: what is passed over in great steps has no match.
func FuzzGrep(f *testing.F) {
	for _, s := range []string{"error", "(?i)error", "err|pan", "x.*y", "an.*Err", "pa.*(ic|x) y", "^$", "a\x1b[m", "(?i)k", "ö", "e\\b"} {
		f.Add(s, []byte("an Error\nerr\x1b[mor\npanic x y\r\n\nK \u212a k\ngr\xfc\xdf ö\nERROR\rOK"), uint8(1), uint8(2), uint8(0), uint16(700))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, expression string, raw []byte, before, after, last uint8, repeat uint16) {
		re, err := regexp.Compile(expression)
		if err != nil || len(raw) > 10_000 {
			return
		}
		if len(raw) < 500 && repeat%7 == 0 {
			raw = bytes.Repeat(append(raw, '\n'), int(repeat%2000))
		}
		all := grepped(t, dir, raw, Query{})
		q := Query{Grep: NewPattern(re), Before: int(before % 5), After: int(after % 5), Last: int(last % 7)}
		got, want := grepped(t, dir, raw, q), greppedSlowly(all, re, q)
		if !slices.Equal(got, want) {
			t.Fatalf("%q, %+v:\ngot  %d %.200q\nwant %d %.200q", expression, q, len(got), got, len(want), want)
		}
	})
}

func BenchmarkGrep(b *testing.B) {
	dir := b.TempDir()
	var raw []byte
	for i := 0; len(raw) < 150<<20; i++ {
		raw = fmt.Appendf(raw, "2026-01-02 15:04:05 GET /products/%d 200 in 13ms, a line of the length that lines often have xx\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "api.log"), raw, 0o600); err != nil {
		b.Fatal(err)
	}
	coloured := bytes.ReplaceAll(raw, []byte("GET"), []byte("\x1b[32mGET\x1b[0m"))
	if err := os.WriteFile(filepath.Join(dir, "web.log"), coloured, 0o600); err != nil {
		b.Fatal(err)
	}
	s := openStore(b, dir, StoreOptions{MaxSize: 1 << 30})
	for _, bm := range []struct{ name, service, re string }{
		{"rare", "api", "xxxx.*zzz"}, {"half on each line", "api", "products.*zzz"}, {"fold", "api", "(?i)xxxx.*ZZZ"}, {"alternatives", "api", "error|panic"},
		{"each line", "api", "GET.*x$"}, {"each line fold", "api", "(?i)get.*x$"}, {"no literal", "api", "z[0-9]z"}, {"coloured", "web", "xxxx.*zzz"},
	} {
		p := NewPattern(regexp.MustCompile(bm.re))
		b.Run(bm.name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := s.Merge([]string{bm.service}, Query{All: true, Grep: p}, func(string, Line) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
