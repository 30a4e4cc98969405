package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// seed adds every TOML of testdata, and shapes that people rarely write.
func seed(f *testing.F, add func(text string)) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.*"))
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(string(data))
	}
	for _, text := range []string{
		"", "\ufeffa=1", "a.b.c = 1\na.d = 2", "[a]\n[a.b]\n[c]\n[a.c]", "[[a]]\nb=1\n[[a]]\n[a.c]\n[[a.d]]\n[[a.d]]",
		"a = [[1, 2], [{b = 1}, {c = [{}]}], []]", "\"a\\u0062\" = 1\n'a b'.\"c.d\" = 2", "a = { b.c = 1, b.d = { e = 2 }, }",
		"a = '''\n'''''\nb = \"\"\"\\\"\"\"\"\"\"\nc = \"\"\"\"\"\"", "a = [ # x\n 1, # ]\n 2 ]", "a = 1979-05-27 07:32:00 # x\nb=[07:32:00,1]",
		"a = +inf\r\nb = -nan\r\nc = 0x_\r\n", "\"\" = 1\n\"\".\"\" = 2", "[ a . 'b' ]\nc = 1", "a = {\n b = 1 # x\n,}",
		"a = \"\\x41\\e\"\n\"\\x41\" = 1", "[a]\nb.c=1\n[a.d]\n[[a.e]]\n[a.e.f]", "a=\"#\"#\nb='\"'#\"", "a = []\nb = {}",
		strings.Repeat("a.", maxDepth) + "a = 1", "a = 1\nb = " + strings.Repeat("[", maxDepth+1), strings.Repeat("a = {", maxDepth+1),
	} {
		add(text)
	}
}

// FuzzPositions compares the places of a text with what the toml package decodes:
// the same keys, as many elements, and at every place of a scalar that scalar.
func FuzzPositions(f *testing.F) {
	seed(f, func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text string) {
		src := newSource("x", []byte(text))
		if _, bad := notText(src); bad {
			return
		}
		root, deep := scan(src.text) // It must end, whatever it makes of this.
		if deep != nil {
			pos := src.pos(*deep)
			inFile(t, src, Mistake{Pos: pos, Msg: "x", Line: src.line(pos.Line)})
			return
		}
		var value any
		if decode(src.text, &value) != nil {
			return
		}
		meta, err := toml.Decode(src.text, new(any))
		if err != nil {
			t.Fatal(err)
		}
		agree(t, src, "", value, root)
		for _, key := range meta.Keys() {
			if !reaches(root, key) {
				t.Errorf("%q has no place", key)
			}
		}
	})
}

// reaches reports whether some element of every array on the way has the key.
func reaches(p *place, key []string) bool {
	if len(key) == 0 {
		return true
	}
	if part := p.parts[key[0]]; part != nil && reaches(part, key[1:]) {
		return true
	}
	return slices.ContainsFunc(p.elements, func(e *place) bool { return reaches(e, key) })
}

func agree(t *testing.T, src *source, path string, value any, p *place) {
	if p == nil {
		t.Fatalf("%s has no place", path)
	}
	for _, sp := range []span{p.key, p.value} {
		if sp.start < 0 || sp.end < sp.start || sp.end > len(src.text) {
			t.Fatalf("%s is at %v of %d bytes", path, sp, len(src.text))
		}
	}
	switch value := value.(type) {
	case map[string]any:
		if names := slices.Sorted(maps.Keys(value)); !slices.Equal(names, slices.Sorted(slices.Values(p.names))) {
			t.Fatalf("%s has the keys %q, places for %q", path, names, p.names)
		}
		for name, part := range value {
			agree(t, src, path+"."+name, part, p.parts[name])
		}
	case []map[string]any:
		for i, element := range value {
			agree(t, src, fmt.Sprintf("%s[%d]", path, i), element, p.element(i))
		}
		agreeLength(t, path, len(value), p)
	case []any:
		for i, element := range value {
			agree(t, src, fmt.Sprintf("%s[%d]", path, i), element, p.element(i))
		}
		agreeLength(t, path, len(value), p)
	default:
		var again struct{ V any }
		if _, err := toml.Decode("V = "+src.text[p.value.start:p.value.end], &again); err != nil ||
			fmt.Sprint(again.V) != fmt.Sprint(value) {
			t.Fatalf("%s is %v, at its place is %q: %v", path, value, src.text[p.value.start:p.value.end], err)
		}
	}
}

func agreeLength(t *testing.T, path string, n int, p *place) {
	if len(p.elements) != n {
		t.Fatalf("%s has %d elements, places for %d", path, n, len(p.elements))
	}
}

// FuzzLoad: no text is too strange, and every mistake is at a place in its file.
func FuzzLoad(f *testing.F) {
	seed(f, func(text string) {
		f.Add(text, "")
		f.Add("[services.api]\ncommand = \"x\"\n", text)
	})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text, over string) {
		var local []byte
		if over != "" {
			local = []byte(over)
		}
		path := filepath.Join(dir, FileName)
		p, mistakes := read(path, []byte(text), local, nil)
		if (p == nil) == (len(mistakes) == 0) {
			t.Fatalf("project %v and mistakes %v", p, mistakes)
		}
		files := map[string]*source{
			shown(path): newSource("", []byte(text)), shown(filepath.Join(dir, LocalFileName)): newSource("", local),
		}
		for _, m := range mistakes {
			inFile(t, files[m.Pos.File], m)
		}
		if p != nil && (!isProjectName(p.Name) || len(p.Services) == 0) {
			t.Fatalf("accepted %+v", p)
		}
		_ = mistakes.Error()
	})
}

func inFile(t *testing.T, src *source, m Mistake) {
	t.Helper()
	if src == nil {
		t.Fatalf("%v is in no file", m)
	}
	if m.Pos.Line == 0 {
		return
	}
	if m.Pos.Line > len(src.lines) || m.Line != src.line(m.Pos.Line) {
		t.Fatalf("%v: line %d of %d", m, m.Pos.Line, len(src.lines))
	}
	width := utf8.RuneCountInString(m.Line)
	if m.Pos.Col < 1 || m.Pos.Len < 1 || m.Pos.Col+m.Pos.Len-1 > max(width, m.Pos.Col) || m.Pos.Col > width+1 {
		t.Fatalf("%v: column %d+%d of %d", m, m.Pos.Col, m.Pos.Len, width)
	}
	if m.Msg == "" || strings.Contains(m.Msg, "\n") {
		t.Fatalf("message %q", m.Msg)
	}
}

// FuzzMerge: what the local file says holds, what it is silent about stays, and a
// file over itself changes nothing.
func FuzzMerge(f *testing.F) {
	seed(f, func(text string) {
		f.Add(text, "[services.api]\ntty = false\nenv = { A = \"b=c\" }\n")
		f.Add("[services.api]\ntty = true\nenv.B = \"1\"\n", text)
	})
	f.Fuzz(func(t *testing.T, text, over string) {
		a, b := newSource("a", []byte(text)), newSource("b", []byte(over))
		base, bad := parse(a)
		local, worse := parse(b)
		if len(bad)+len(worse) > 0 {
			return
		}
		same, _ := parse(a)
		if got := plainValue(merge(same, base)); !reflect.DeepEqual(fmt.Sprint(got), fmt.Sprint(plainValue(base))) {
			t.Fatalf("over itself: %v became %v", plainValue(base), got)
		}
		base, _ = parse(a)
		want := mergeValues(plainValue(base), plainValue(local))
		merged := merge(base, local)
		if got := plainValue(merged); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// plainValue is n without its places.
func plainValue(n *node) any {
	switch {
	case n.isTable:
		table := map[string]any{}
		for _, name := range n.names {
			table[name] = plainValue(n.parts[name])
		}
		return table
	case n.isArray:
		array := []any{}
		for _, element := range n.elements {
			array = append(array, plainValue(element))
		}
		return array
	}
	return n.scalar
}

func mergeValues(base, over any) any {
	a, ok := base.(map[string]any)
	b, too := over.(map[string]any)
	if !ok || !too {
		return over
	}
	merged := maps.Clone(a)
	for key, value := range b {
		if under, ok := a[key]; ok {
			value = mergeValues(under, value)
		}
		merged[key] = value
	}
	return merged
}

// BenchmarkLoad reads a file of thirty services with everything in it.
func BenchmarkLoad(b *testing.B) {
	var text strings.Builder
	for i := range 30 {
		fmt.Fprintf(&text, `[services.s%d]
command = "run --port {{port}}"
description = "one of them"
env = { A = "{{s%d.url}}", B = "x" }
ports = { debug = "auto" }
ready = { http = "/healthz", timeout = "30s" }
stop = { signal = "INT", timeout = "5s" }
restart = { policy = "always", backoff = "1s" }
depends_on = [%s]

`, i, (i+1)%30, map[bool]string{true: fmt.Sprintf("%q", fmt.Sprintf("s%d", i-1))}[i > 0])
	}
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text.String()), 0o644); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load(Options{Dir: dir}); err != nil {
			b.Fatal(err)
		}
	}
}
