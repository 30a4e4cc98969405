package dotenv

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFormatQuotesOnlyWhatNeedsIt(t *testing.T) {
	for _, c := range []struct{ value, want string }{
		{"", ""},
		{"21480", "21480"},
		{"http://127.0.0.1:21480/a?b=c", "'http://127.0.0.1:21480/a?b=c'"},
		{"postgres://app@127.0.0.1:21480/shop", "postgres://app@127.0.0.1:21480/shop"},
		{"a&b", "'a&b'"},
		{"a b", "'a b'"},
		{"$HOME", "'$HOME'"},
		{`say "hi"`, `'say "hi"'`},
		{`C:\dir`, `'C:\dir'`},
		{`C:\dir\`, `"C:\\dir\\"`},
		{`a\\b`, `"a\\\\b"`},
		{"it's", `"it's"`},
		{"it's $5 `x`", "\"it's \\$5 \\`x\\`\""},
		{"a\nb", "\"a\nb\""},
		{"a\r\nb", "\"a\\r\nb\""},
		{"a\n" + endMarker, `"a\n` + endMarker + `"`},
	} {
		got, err := Format([]Pair{{"A", c.value}})
		if err != nil || string(got) != "A="+c.want+"\n" {
			t.Errorf("%q: got %s, %v; want %s", c.value, got, err, c.want)
		}
	}
}

func TestFormatRefusesTheImpossible(t *testing.T) {
	for _, p := range []Pair{
		{"", "x"}, {"A B", "x"}, {"A=", "x"}, {"É", "x"}, {"A\n", "x"},
		{"A", "\x00"}, {"A", strings.Repeat("x", maxValue+1)},
	} {
		if _, err := Format([]Pair{p}); err == nil {
			t.Errorf("%.20q=%.20q: no error", p.Key, p.Value)
		}
	}
}

// someValues have every character that a reader gives a meaning.
func someValues() []string {
	values := []string{"", "plain", "é ü", "'", `"`, `\`, "`", "$", "#", " # ", "\t", " x ", "a\nb", "a\n\nb\n", "~", "a=b", "[*]?", "$(id)", "!x"}
	for _, a := range slices.Clone(values) {
		for _, b := range []string{"'", `"`, `\`, "$HOME", "`id`", "\n", " #x", `\n`} {
			values = append(values, a+b, b+a)
		}
	}
	return values
}

func TestReadBackIsWhatWasWritten(t *testing.T) {
	var vars []Pair
	for i, v := range append(someValues(), "a\rb", "a\r\nb", "\n"+beginMarker+"\n", endMarker, " "+endMarker+"\t\nx") {
		vars = append(vars, Pair{"V" + strings.Repeat("x", i), v})
	}
	text, err := Format(vars)
	if err != nil {
		t.Fatal(err)
	}
	sameAsWritten(t, text, vars)

	c, err := Plan(filepath.Join(t.TempDir(), ".env"), vars)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(c.After)
	if found, bad := findBlock("f", whole); bad != nil || found.start != 0 || found.end != len(whole)-1 {
		t.Errorf("block %v of %d bytes, %v", found, len(whole), bad)
	}
}

func sameAsWritten(t *testing.T, text []byte, vars []Pair) {
	t.Helper()
	file, err := Parse("f", text, Scope{})
	if err != nil || len(file.Remarks) > 0 {
		t.Fatal(err, file.Remarks)
	}
	if len(file.Entries) != len(vars) {
		t.Fatalf("%d entries of %d", len(file.Entries), len(vars))
	}
	for i, e := range file.Entries {
		if e.Key != vars[i].Key || e.Value != vars[i].Value {
			t.Errorf("%s: wrote %q, read %q", e.Key, vars[i].Value, e.Value)
		}
	}
}

// A carriage return has no form that sh and the .env libraries share.
func TestShReadsBackWhatWasWritten(t *testing.T) {
	var vars []Pair
	want := ""
	script := ". ./written.env\n"
	for i, v := range someValues() {
		key := "V" + strings.Repeat("x", i)
		vars = append(vars, Pair{key, v})
		script += `printf '%s\0' "$` + key + "\"\n"
		want += v + "\x00"
	}
	text, err := Format(vars)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "written.env"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Dir = dir
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	gotValues := strings.Split(string(got), "\x00")
	for i, v := range strings.Split(want, "\x00") {
		if i >= len(gotValues) || gotValues[i] != v {
			t.Fatalf("value %d: wrote %q, sh read %q", i, v, gotValues[min(i, len(gotValues)-1)])
		}
	}
}

func FuzzReadBack(f *testing.F) {
	for _, v := range someValues() {
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		vars := []Pair{{"A", a}, {"B", b}}
		text, err := Format(vars)
		if err != nil {
			if !strings.Contains(a+b, "\x00") && len(a) <= maxValue && len(b) <= maxValue {
				t.Fatal(err)
			}
			return
		}
		sameAsWritten(t, text, vars)

		// In the block it is hidden, and the block can be taken out again.
		whole := []byte("X=1\n" + beginMarker + "\n" + string(text) + endMarker)
		found, bad := findBlock("f", string(whole))
		if bad != nil || found.start != len("X=1\n") || found.end != len(whole) {
			t.Fatalf("block %v, %v in %q", found, bad, whole)
		}
		if file, err := Parse("f", whole, Scope{}); err != nil || len(file.Entries) != 1 {
			t.Fatalf("entries %v, %v", file.Entries, err)
		}
		if !bytes.HasSuffix(text, []byte("\n")) {
			t.Fatal("no newline at the end")
		}
	})
}
