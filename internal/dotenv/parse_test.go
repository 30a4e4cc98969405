package dotenv

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// lookupIn is an environment with one variable.
func lookupIn(key string) (string, bool) {
	return "from outside ", key == "FROM_LOOKUP"
}

func render(entries []Entry, err error) string {
	var out strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&out, "%d %s=%q\n", e.Line, e.Key, e.Value)
	}
	var bad Errors
	errors.As(err, &bad)
	for _, e := range bad {
		fmt.Fprintf(&out, "%v\n\t%s\n", e, e.Source)
		if e.Hint != "" {
			fmt.Fprintf(&out, "\thint: %s\n", e.Hint)
		}
	}
	return out.String()
}

func TestGoldenFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.env")
	if len(files) == 0 {
		t.Fatal("no testdata")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := render(Parse(filepath.Base(file), data, lookupIn))
		golden := strings.TrimSuffix(file, ".env") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, _ := os.ReadFile(golden)
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
		}
	}
}

func TestParseGrammar(t *testing.T) {
	deep := strings.Repeat("${A:-", maxNesting+1) + strings.Repeat("}", maxNesting+1)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"\n\n", ""},
		{"A=1", `1 A="1"` + "\n"},
		{"\uFEFFA=1\n", `1 A="1"` + "\n"},
		{"A=1\r\nB=2\r\n", "1 A=\"1\"\n2 B=\"2\"\n"},
		{"A='1'\r\nB=\"2\" \r\nC=\r\n", "1 A=\"1\"\n2 B=\"2\"\n3 C=\"\"\n"},
		{"A=\"x\r\ny\"\r\nB=1", "1 A=\"x\\ny\"\n3 B=\"1\"\n"},
		{"A=\"x\ry\"", `1 A="x\ry"` + "\n"},
		{"A=\"\"", `1 A=""` + "\n"},
		{"A=''", `1 A=""` + "\n"},
		{"A='\\'", `1 A="\\"` + "\n"},
		{`A="\q\` + "`" + `"`, "1 A=\"\\\\q`\"\n"},
		{"A=a\"b\"", `1 A="a\"b\""` + "\n"},
		{"A=1\nA=2\n", "1 A=\"1\"\n2 A=\"2\"\n"},
		{"A=$A$A", `1 A=""` + "\n"},
		{"A=$FROM_LOOKUP # kept", `1 A="from outside "` + "\n"},
		{"FROM_LOOKUP=file\nA=$FROM_LOOKUP", "1 FROM_LOOKUP=\"file\"\n2 A=\"from outside \"\n"},
		{"export A", "f:1:1: expected KEY=value\n\texport A\n"},
		{"A=" + deep, "f:1:83: too many ${…} inside one another\n\tA=" + deep + "\n"},
		{"A=x\x00y", "f:1:1: a variable cannot hold a NUL byte\n\tA=x\x00y\n"},
		{"\xff\xfeA\x00", "f:1:1: the file is UTF-16\n\t\n\thint: save it as UTF-8\n"},
		{"A=1\n" + beginMarker + "\nB=2\n", "1 A=\"1\"\n3 B=\"2\"\n" +
			"f:2:1: lhrun's block begins and does not end\n\t" + beginMarker + "\n\thint: repair or delete lhrun's lines by hand\n"},
	} {
		if got := render(Parse("f", []byte(c.in), lookupIn)); got != c.want {
			t.Errorf("%q: got\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

func TestABadLineNeverDropsTheRest(t *testing.T) {
	for _, bad := range []string{"words", "A='x", `A="x`, `A="x" y`, "A=${", `A="${B`, "=x", "1=x", endMarker} {
		entries, err := Parse("f", []byte("BEFORE=1\n"+bad+"\nAFTER=2\n"), nil)
		var errs Errors
		if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Line != 2 {
			t.Errorf("%q: error %v", bad, err)
		}
		want := []Entry{{"BEFORE", "1", 1}, {"AFTER", "2", 3}}
		if !reflect.DeepEqual(entries, want) {
			t.Errorf("%q: entries %v", bad, entries)
		}
	}
}

func TestValuesThatDoubleThemselvesEnd(t *testing.T) {
	text := "A=xxxxxxxxxxxxxxxx\n" + strings.Repeat("A=$A$A\n", 60)
	entries, err := Parse("f", []byte(text), nil)
	if err == nil {
		t.Error("no error")
	}
	for _, e := range entries {
		if len(e.Value) > maxValue {
			t.Fatalf("a value of %d bytes", len(e.Value))
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	if _, err := ReadFile(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(path, []byte("A=1\nB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := ReadFile(path, nil)
	if len(entries) != 1 || entries[0].Value != "1" {
		t.Errorf("entries %v", entries)
	}
	if err == nil || !strings.HasPrefix(err.Error(), path+":2:1: ") {
		t.Errorf("error %v", err)
	}
	if _, err := ReadFile(filepath.Dir(path), nil); err == nil {
		t.Error("a directory was read")
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/everything.env", "testdata/mistakes.env"} {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Count(string(data), "\n") + 1
		entries, err := Parse("f", data, lookupIn)
		var errs Errors
		if err != nil && (!errors.As(err, &errs) || len(errs) == 0) {
			t.Fatalf("error %v", err)
		}
		last := 0
		for _, e := range entries {
			if e.Line <= last || e.Line > lines || !IsName(e.Key) {
				t.Fatalf("entry %+v after line %d of %d", e, last, lines)
			}
			last = e.Line
		}
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines || e.Col < 1 {
				t.Fatalf("error at %d:%d of %d lines", e.Line, e.Col, lines)
			}
		}
	})
}
