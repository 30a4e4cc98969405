package config

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// repeated returns lines made of format and their numbers, size bytes in all.
func repeated(size int, format string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		if strings.Contains(format, "%") {
			fmt.Fprintf(&b, format, i)
		} else {
			b.WriteString(format)
		}
	}
	return b.String()
}

// hostileFiles are files that would cost far more than they are long if what they
// ask for were not bounded.
func hostileFiles() map[string]string {
	const (
		half    = 1 << 16
		full    = 2 * half
		service = "[services.a]\ncommand = \"x\"\n"
		another = "[services.s%d]\ncommand=\"x\"\n"
	)
	return map[string]string{
		"a header of many parts":       "[a" + repeated(200_000, ".a") + "]\n",
		"a key of many parts":          "a" + repeated(200_000, ".a") + " = 1\n",
		"nested inline tables":         repeated(80_000, "a={"),
		"nested inline tables, closed": "a=" + strings.Repeat("{a=", 20_000) + "1" + strings.Repeat("}", 20_000),
		"nested arrays":                "a=" + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"many deep headers":            repeated(full, "["+strings.Repeat("a.", 60)+"b%d]\n"),

		"mistakes on one line":       "services.a = {" + repeated(100_000, "x%d=1,") + "}\n",
		"mistakes on many lines":     service + repeated(full, "x%d=1\n"),
		"mistakes in many tables":    service + repeated(full, "[x%d]\n"),
		"mistakes near a known key":  service + repeated(full, "commanc%d=1\n"),
		"mistakes of long names":     repeated(full, "[services."+strings.Repeat("b", full/8)+"%d]\nport=\"x\"\n"),
		"services on one line":       "services = {" + repeated(full, "s%d={command=1},") + "}\n",
		"unknown dependencies":       service + "depends_on = [" + repeated(full, `"x%d",`) + "]\n",
		"one dependency many times":  service + "depends_on = [" + repeated(full, `"b",`) + "]\n[services.b]\ncommand=\"x\"\n",
		"everybody needs everybody":  repeated(full, another+"depends_on=["+repeated(2000, `"s%d",`)+"]\n"),
		"one port many times":        service + "[services.a.ports]\n" + repeated(full, "p%d=5\n"),
		"bad templates in one text":  service + "env.A = \"" + repeated(full, "{{x}} ") + "\"\n",
		"open templates in one text": service + "env.A = \"" + repeated(full, "{{ ") + "\"\n",
		"braces":                     service + "env.A = \"" + repeated(full, "{{{{") + "\"\n",
		"unknown services in templates": repeated(half, another) +
			repeated(half, "[services.t%d]\ncommand=\"{{nobody.port}}{{nobody.url}}\"\n"),

		"a long key":          service + strings.Repeat("k", full) + " = 1\n",
		"a long value":        service + "type = \"" + strings.Repeat("k", full) + "\"\n",
		"a long service name": "[services." + strings.Repeat("k", full) + "]\n",
		"two long names": "[services." + strings.Repeat("k", half) + "]\ncommand=\"x\"\ndepends_on=[\"" +
			strings.Repeat("k", half-1) + "\"]\n",

		"many services":             repeated(full, another),
		"a chain of services":       repeated(full, another+"depends_on=[\"t%[1]d\"]\n[services.t%[1]d]\ncommand=\"x\"\n"),
		"urls of others":            repeated(full, another+"url=\"{{t%[1]d.url}}\"\n[services.t%[1]d]\ncommand=\"x\"\nurl=\"{{port}}\"\n"),
		"defaults for many":         "[defaults.env]\n" + repeated(half, "K%d=1\n") + repeated(half, another),
		"bad defaults for many":     "[defaults.ready]\n" + repeated(half, "K%d=1\n") + repeated(half, another),
		"a long default for many":   "[defaults]\ntype=\"" + strings.Repeat("x", half) + "\"\n" + repeated(half, another),
		"variables for many":        "[env]\n" + repeated(half, "K%d=\"{{port}}\"\n") + repeated(half, another),
		"a long variable for many":  "[env]\nK=\"" + repeated(half, "{{port}}") + "\"\n" + repeated(half, another),
		"many arrays of tables":     repeated(full, "[[a]]\n"),
		"comments":                  service + repeated(full, "#\n"),
		"two statements on a line":  repeated(full, "a=1 b=2 "),
		"mistakes of syntax":        repeated(full, "x%d = \n"),
		"tables that are twice":     repeated(full, "[a]\n"),
		"far more than a file has":  repeated(2*maxFile, "#\n"),
		"a Procfile's own mistakes": repeated(full, "x%d: \n"),
	}
}

// TestHostileFilesAreCheap: whatever a file says, Load takes seconds and megabytes at
// most, and what it says of the file can be read.
func TestHostileFilesAreCheap(t *testing.T) {
	for name, text := range hostileFiles() {
		t.Run(name, func(t *testing.T) {
			file := FileName
			if strings.Contains(name, "Procfile") {
				file = ProcfileName
			}
			t.Chdir(t.TempDir())
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			p, err := Load(Options{File: file})
			if p != nil {
				p.Order()
			}
			said := fmt.Sprint(err)
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 512 || took > 20*time.Second {
				t.Errorf("it took %v and %d MB", took, mb)
			}
			if len(said) > maxTold*3*maxWords || len(said) > len(text)+64<<10 {
				t.Errorf("%d bytes are said: %.300s", len(said), said)
			}
			var mistakes Mistakes
			if err != nil && !errors.As(err, &mistakes) {
				t.Errorf("not mistakes: %v", err)
			}
			for _, m := range mistakes {
				if m.Pos.Line == 0 && strings.Contains(m.Msg, "deep") {
					t.Errorf("it has no place: %v", m)
				}
			}
		})
	}
}

func TestDepthThatIsAllowed(t *testing.T) {
	for _, deep := range []int{maxDepth, maxDepth + 1} {
		for name, text := range map[string]string{
			"a header": "[" + strings.Repeat("a.", deep-1) + "a]\n",
			"a key":    strings.Repeat("a.", deep-1) + "a = 1\n",
			"arrays":   "a = " + strings.Repeat("[", deep) + strings.Repeat("]", deep) + "\n",
			"tables":   strings.Repeat("a = {", deep) + strings.Repeat("}", deep) + "\n",
			"a string": "[a]\nb = '" + strings.Repeat("[", 500) + "' # " + strings.Repeat("{", 500) + strings.Repeat("\n[a.c]", deep-maxDepth),
		} {
			_, mistakes := parse(newSource(FileName, []byte(text)))
			told := len(mistakes) > 0 && strings.Contains(mistakes[0].Msg, "nested more than 64 deep")
			if want := deep > maxDepth && name != "a string"; told != want {
				t.Errorf("%s, %d deep: %v", name, deep, mistakes)
			}
		}
	}
}

func TestOfManyMistakesTheFirstAreTold(t *testing.T) {
	for _, test := range []struct{ mistakes, told int }{{99, 99}, {100, 100}, {101, 101}, {7000, 101}} {
		var text strings.Builder
		text.WriteString("[services.a]\ncommand = 'x'\n")
		for i := range test.mistakes {
			fmt.Fprintf(&text, "x%d = 1\n", i)
		}
		_, mistakes := read("/p/lhrun.toml", []byte(text.String()), nil, nil)
		last := mistakes[len(mistakes)-1].Msg
		want := fmt.Sprintf("and %d more mistakes", test.mistakes-maxTold)
		if test.mistakes == 101 {
			want = "and 1 more mistake"
		}
		if len(mistakes) != test.told || (test.mistakes > maxTold) != (last == want) || mistakes[98].Pos.Line != 101 {
			t.Errorf("of %d: %d are told, the last is %q", test.mistakes, len(mistakes), last)
		}
	}
}

// A mistake among the defaults, which each of the services makes anew, leaves room
// for all others.
func TestRepeatedMistakesAreOne(t *testing.T) {
	text := "x = 1\n[defaults]\nstop = { signal = 'FOO' }\n" + repeated(30_000, "[services.s%d]\ncommand = 'x'\n") + "ready = 1\n"
	_, mistakes := read("/p/lhrun.toml", []byte(text), nil, nil)
	if len(mistakes) != 3 {
		t.Errorf("got %v", mistakes)
	}
}
