package dotenv

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// outside has one variable over a file and one under it.
var outside = Scope{
	Over:  only("OVER", "from outside "),
	Under: only("UNDER", "from below"),
}

func only(key, value string) Lookup {
	return func(k string) (string, bool) {
		if k != key {
			return "", false
		}
		return value, true
	}
}

func render(file *File, err error) string {
	var out strings.Builder
	for _, e := range file.Entries {
		fmt.Fprintf(&out, "%d %s=%q\n", e.Line, e.Key, e.Value)
	}
	for _, r := range file.Remarks {
		fmt.Fprintf(&out, "%d: %s\n", r.Line, r.Text)
	}
	var bad Errors
	errors.As(err, &bad)
	for _, e := range bad {
		fmt.Fprintf(&out, "%v\n", e)
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
		got := render(Parse(filepath.Base(file), data, outside))
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
	long := strings.Repeat("x", longestMessage+1)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"\n\n", ""},
		{"A=1", `1 A="1"`},
		{"\uFEFFA=1\n", `1 A="1"`},
		{"A=1\r\nB=2\r\n", `1 A="1" 2 B="2"`},
		{"A=1\rB=2\r# c\rC=\"x\ry\"\rD=4", `1 A="1" 2 B="2" 4 C="x\ny" 6 D="4"`},
		{"A='1'\r\nB=\"2\" \r\nC=\r\n", `1 A="1" 2 B="2" 3 C=""`},
		{"A=\"x\r\ny\"\r\nB=1", `1 A="x\ny" 3 B="1"`},
		{"A=\"\"", `1 A=""`},
		{"A=''", `1 A=""`},
		{"A=``", `1 A=""`},
		{"A='\\'", `1 A="\\"`},
		{"A='a\r\n $B \"c\" # `d`\n'\nB=1", `1 A="a\n $B \"c\" # ` + "`d`" + `\n" 4 B="1"`},
		{"A=`a'b\n\"$c\\n` # why\nB=1", `1 A="a'b\n\"$c\\n" 3 B="1"`},
		{`A="\q\` + "`" + `"`, "1 A=\"\\\\q`\""},
		{"A=a\"b\"", `1 A="a\"b\""`},
		{"A=1\nA=2\n", `1 A="1" 2 A="2"`},
		{"a.b-c.1=1\n1ST=2\n-=3\nexport x-y = 4", `1 a.b-c.1="1" 2 1ST="2" 3 -="3" 4 x-y="4"`},
		{"A=$OVER # kept", `1 A="from outside "`},
		{"OVER=file\nUNDER=file\nA=$OVER$UNDER", `1 OVER="file" 2 UNDER="file" 3 A="from outside file"`},
		{"A=$UNDER", `1 A="from below"`},
		{`A=x\$y C:\new \\`, `1 A="x$y C:\\new \\\\"`},
		{"a.b=1\nA=${a.b}", `1 a.b="1" 2 A="1"`},
		{"A=$A$A", `1 A="" 1: $A is not set and reads as empty; write it in '…' to keep the dollar`},
		{"\nA=\"x\n$B\"\nC=${D}", `2 A="x\n" 4 C="" ` +
			`3: $B is not set and reads as empty; write it in '…' to keep the dollar ` +
			`4: $D is not set and reads as empty; write it in '…' to keep the dollar`},
		{"A=$2y$10$N9qo8uLOickgx2ZMRZoMye", `1 A="$2y$10" ` +
			`1: $N9q… is not set and reads as empty; write it in '…' to keep the dollar`},
		{"A=$" + strings.Repeat("a", 41), `1 A="" 1: $aaa… is not set and reads as empty; write it in '…' to keep the dollar`},
		{"E=\nA=${E-1}${E:-2}${X-3}${X:-4}", `1 E="" 2 A="234"`},
		{"F=f\nE=\nA=<${F:+1}${E:+2}${X:+3}>", `1 F="f" 2 E="" 3 A="<1>"`},
		{"F=f\nA=${F:?no}", `1 F="f" 2 A="f"`},
		{"F=f\nA=${F:-$NO}${F:-${NO:?no}}${F-${NO}}${NO:+$NO}${F:?$NO}", `1 F="f" 2 A="ffff"`},
		{"A=${NO:?set it, see $README}\nB=1", `2 B="1" f:1:3: A: NO is not set: set it, see $README`},
		{"NO=\nA=\"x${NO:?}\n\"\nB=1", `1 NO="" 4 B="1" f:2:5: A: NO is empty`},
		{"A=${NO:?\x1b[2J" + long + "}", "f:1:3: A: NO is not set: \uFFFD[2J" + long[:longestMessage-4]},
		{"export A", "f:1:1: expected KEY=value\thint: a line is KEY=value, or a comment after #"},
		{"A=" + deep, "f:1:83: A: too many ${…} inside one another"},
		{"A=x\x00y", "f:1:1: A: a variable cannot hold a NUL byte"},
		{"A='" + strings.Repeat("x", maxValue+1) + "'", "f:1:3: A: the value is longer than 128 KiB"},
		{"\xff\xfeA\x00", "f:1:1: the file is UTF-16\thint: save it as UTF-8"},
		{"A=1\r" + beginMarker + "\rB=2\r" + endMarker + "\rC=3", `1 A="1" 5 C="3"`},
		{"A=1\n" + beginMarker + "\nB=2\n", `1 A="1" 3 B="2" ` +
			"f:2:1: lhrun's block begins and does not end\thint: repair or delete lhrun's lines by hand"},
	} {
		got := strings.NewReplacer("\n\t", "\t", "\n", " ").Replace(strings.TrimSuffix(render(Parse("f", []byte(c.in), outside)), "\n"))
		if got != c.want {
			t.Errorf("%q: got\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

func TestABadLineNeverDropsTheRest(t *testing.T) {
	for _, bad := range []string{
		"words", `A="x" y`, `A='x' y`, "A=${", `A="${B"`, "=x", "a b=x", endMarker, "A=${B?c}", "A=${5}", "A=${NO:?}",
	} {
		file, err := Parse("f", []byte("BEFORE=1\n"+bad+"\nAFTER=2\n"), Scope{})
		var errs Errors
		if !errors.As(err, &errs) || len(errs) != 1 || errs[0].Line != 2 {
			t.Errorf("%q: error %v", bad, err)
		}
		want := []Entry{{"BEFORE", "1", 1}, {"AFTER", "2", 3}}
		if !reflect.DeepEqual(file.Entries, want) {
			t.Errorf("%q: entries %v", bad, file.Entries)
		}
	}
}

// key is of several lines, some of which look like variables.
const key = "-----BEGIN KEY-----\nMIIE/hunter22+secret\nMIIEhunter22secret==\nhunter22: secret\n-----END KEY-----\n"

func TestOneErrorAfterAnUnclosedQuote(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"A=1\nKEY='" + key + "B=2\n", "f:2:5: KEY: the single quote is not closed"},
		{"A=1\nKEY=`" + key + "B=2\n", "f:2:5: KEY: the backtick is not closed"},
		{"A=1\nKEY=\"" + key + "B=2\n", "f:2:5: KEY: the double quote is not closed"},
		{"A=1\nKEY='" + key + "B='2'\nC=3\n", "f:7:4: KEY: text after the closing quote"},
		{"A=1\nKEY=\"${" + key + "\"\nC=3\n", "f:2:6: KEY: cannot read this ${…}"},
		{"A=1\nKEY=\"${" + key + "\\\"\nC=3\n", "f:2:6: KEY: cannot read this ${…}"},
		{"A=1\nKEY='" + key + "B=2\n" + beginMarker + "\n" + endMarker + "\nx\n", "f:2:5: KEY: the single quote is not closed"},
	} {
		file, err := Parse("f", []byte(c.text), Scope{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
		if len(file.Entries) == 0 || file.Entries[0].Key != "A" {
			t.Errorf("%q: entries %v", c.text, file.Entries)
		}
	}
}

func TestAPrivateKeyIsReadInEveryQuote(t *testing.T) {
	for _, quote := range []string{"'", "`", `"`} {
		file, err := Parse("f", []byte("KEY="+quote+key+quote+"\nB=2\n"), Scope{})
		if err != nil || len(file.Entries) != 2 || file.Entries[0].Value != key || file.Entries[1].Line != 7 {
			t.Errorf("%s: %v, %v", quote, file.Entries, err)
		}
	}
}

// TestNoErrorShowsAValue: whatever is wrong with a line, what may be a secret in it
// is not told.
func TestNoErrorShowsAValue(t *testing.T) {
	for _, text := range []string{
		"hunter22", "hunter22: hunter22", "hunter22/x==", "export hunter22", "a hunter22=hunter22", "=hunter22", "hunter/22=hunter22",
		"A='hunter22", "A=\"hunter22", "A=`hunter22", "A='hunter22' hunter22", "A='x'#hunter22", "A=${hunter22", "A=${hunter22?x}",
		"A=hunter22${x", "A=${B:-hunter22", "A=\"hunter22${B:-\"", "A=hunter22\x00", "A='\n" + key,
		"A=hunter22" + strings.Repeat("x", maxValue), "B=hunter22\nA=${B:-x", "B=hunter22\nA=${NO:?$B}",
	} {
		file, err := Parse("f", []byte(text), Scope{})
		var errs Errors
		if !errors.As(err, &errs) {
			t.Errorf("%q: no error", text)
		}
		for _, e := range errs {
			if strings.Contains(e.Error()+e.Hint, "hunter") {
				t.Errorf("%q: %v (%s)", text, e, e.Hint)
			}
		}
		if len(file.Remarks) > 0 {
			t.Errorf("%q: remarks %v", text, file.Remarks)
		}
	}
}

func TestValuesThatDoubleThemselvesEnd(t *testing.T) {
	text := "A=xxxxxxxxxxxxxxxx\n" + strings.Repeat("A=$A$A\n", 60)
	file, err := Parse("f", []byte(text), Scope{})
	if err == nil {
		t.Error("no error")
	}
	for _, e := range file.Entries {
		if len(e.Value) > maxValue {
			t.Fatalf("a value of %d bytes", len(e.Value))
		}
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
	f.Add([]byte("A='" + key))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := strings.Count(withNewlines(string(data)), "\n") + 1
		file, err := Parse("f", data, outside)
		var errs Errors
		if err != nil && (!errors.As(err, &errs) || len(errs) == 0) {
			t.Fatalf("error %v", err)
		}
		last := 0
		for _, e := range file.Entries {
			if e.Line <= last || e.Line > lines || !IsKey(e.Key) {
				t.Fatalf("entry %+v after line %d of %d", e, last, lines)
			}
			last = e.Line
		}
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines || e.Col < 1 {
				t.Fatalf("error at %d:%d of %d lines", e.Line, e.Col, lines)
			}
		}
		for _, r := range file.Remarks {
			if r.Line < 1 || r.Line > lines || len(r.Text) > 200 {
				t.Fatalf("remark %+v of %d lines", r, lines)
			}
		}
	})
}

// FuzzNoValueInAnError puts a secret into a value, and strange text around it.
func FuzzNoValueInAnError(f *testing.F) {
	const secret = "hunter22"
	for _, around := range []string{"", "'", "\"", "`", "${", "${B:-", "\n", "\r", "' '", "\" #", "\x00", "\\", "=", " ", "$"} {
		f.Add("A=", around, around)
		f.Add("A='", around, "'")
		f.Add("A=\"", around, "\"")
	}
	f.Fuzz(func(t *testing.T, key, before, after string) {
		// What follows a dollar, or stands left of a =, is a name, and a message is
		// written to be shown.
		if strings.Contains(key+before+after, "$") || strings.Contains(key+before, secret) || strings.Contains(before+after, "=") {
			return
		}
		file, err := Parse("f", []byte(key+before+secret+after), Scope{})
		var errs Errors
		errors.As(err, &errs)
		for _, e := range errs {
			if strings.Contains(e.Error()+e.Hint, secret) {
				t.Fatalf("%q: %v (%s)", key+before+secret+after, e, e.Hint)
			}
		}
		for _, r := range file.Remarks {
			if strings.Contains(r.Text, secret) {
				t.Fatalf("%q: %s", key+before+secret+after, r.Text)
			}
		}
	})
}
