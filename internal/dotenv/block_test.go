//go:build unix

package dotenv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// put writes a file into a new directory and returns its path.
func put(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// withBlock makes [ and ] the markers.
func withBlock(s string) string {
	return strings.NewReplacer("[", beginMarker, "]", endMarker).Replace(s)
}

func TestPlanKeepsEverythingElse(t *testing.T) {
	for _, c := range []struct{ name, before, after, removed string }{
		{"empty file", "", "[\nA=1\n]\n", ""},
		{"at the end", "X=1\n", "X=1\n[\nA=1\n]\n", "X=1\n"},
		{"no final newline", "X=1", "X=1\n[\nA=1\n]", "X=1"},
		{"CRLF", "X=1\r\nY=2\r\n", "X=1\r\nY=2\r\n[\nA=1\n]\n", "X=1\r\nY=2\r\n"},
		{"CRLF, no final newline", "X=1\r\nY=2", "X=1\r\nY=2\n[\nA=1\n]", "X=1\r\nY=2"},
		{"final CR", "X=1\r", "X=1\r\n[\nA=1\n]", "X=1\r"},
		{"BOM", "\uFEFFX=1\n", "\uFEFFX=1\n[\nA=1\n]\n", "\uFEFFX=1\n"},
		{"only a BOM", "\uFEFF", "\uFEFF[\nA=1\n]\n", "\uFEFF"},
		{"BOM before the block", "\uFEFF[\n]\nX=1\n", "\uFEFF[\nA=1\n]\nX=1\n", "\uFEFFX=1\n"},
		{"blank lines", "\n\nX=1\n\n", "\n\nX=1\n\n[\nA=1\n]\n", "\n\nX=1\n\n"},
		{"bad bytes", "X=\xff\x00\n", "X=\xff\x00\n[\nA=1\n]\n", "X=\xff\x00\n"},
		{"in the middle", "X=1\n[\nB=2\nC=3\n]\nY=2\n", "X=1\n[\nA=1\n]\nY=2\n", "X=1\nY=2\n"},
		{"at the start", "[\n]\nY=2", "[\nA=1\n]\nY=2", "Y=2"},
		{"lines added below", "X=1\n[\nB=2\n]\nY=2", "X=1\n[\nA=1\n]\nY=2", "X=1\nY=2"},
		{"markers with CRLF", "X=1\r\n[\r\nA=1\r\n]\r\nY=2\r\n", "X=1\r\n[\nA=1\n]\nY=2\r\n", "X=1\r\nY=2\r\n"},
		{"indented markers", "X=1\n  [\nB=2\n\t] \nY=2\n", "X=1\n[\nA=1\n]\nY=2\n", "X=1\nY=2\n"},
		{"marker in a comment", "# not # >>> lhrun >>>\n", "# not # >>> lhrun >>>\n[\nA=1\n]\n", "# not # >>> lhrun >>>\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := put(t, withBlock(c.before))
			got, err := Plan(path, []Pair{{"A", "1"}})
			if err != nil {
				t.Fatal(err)
			}
			if string(got.After) != withBlock(c.after) || got.None {
				t.Errorf("got %q, None %v; want %q", got.After, got.None, withBlock(c.after))
			}
			if string(got.Before) != withBlock(c.before) {
				t.Errorf("before is %q", got.Before)
			}

			path = put(t, withBlock(c.after))
			if again, err := Plan(path, []Pair{{"A", "1"}}); err != nil || !again.None {
				t.Errorf("a second time: %+v, %v", again, err)
			}
			gone, err := PlanRemove(path)
			if err != nil || string(gone.After) != c.removed {
				t.Errorf("removed: %q, %v; want %q", gone.After, err, c.removed)
			}
		})
	}
}

func TestPlanOfAMissingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), ".env")
	c, err := Plan(path, []Pair{{"A", "1"}})
	if err != nil || c.Before != nil || string(c.After) != withBlock("[\nA=1\n]\n") {
		t.Errorf("%+v, %v", c, err)
	}
	for _, vars := range [][]Pair{nil, {}} {
		if c, err := Plan(path, vars); err != nil || !c.None {
			t.Errorf("without vars: %+v, %v", c, err)
		}
	}
	if c, err := PlanRemove(path); err != nil || !c.None {
		t.Errorf("remove: %+v, %v", c, err)
	}
}

func TestGarbledBlocksAreErrors(t *testing.T) {
	for _, c := range []struct {
		text string
		line int
		msg  string
	}{
		{"X=1\n[\nA=1\n", 2, "does not end"},
		{"X=1\n]\n", 2, "without having begun"},
		{"[\n]\n]\n", 3, "without having begun"},
		{"[\n[\n]\n", 2, "a second time"},
		{"[\n]\nX=1\n[\n]\n", 4, "a second time"},
		{"]\n[\n", 1, "without having begun"},
	} {
		path := put(t, withBlock(c.text))
		for name, plan := range map[string]func() (*Change, error){
			"Plan":       func() (*Change, error) { return Plan(path, []Pair{{"A", "1"}}) },
			"PlanRemove": func() (*Change, error) { return PlanRemove(path) },
		} {
			_, err := plan()
			var bad *Error
			if !errors.As(err, &bad) || bad.Line != c.line || bad.Name != path || !strings.Contains(bad.Msg, c.msg) {
				t.Errorf("%s of %q: %v", name, c.text, err)
			}
		}
		if _, err := Parse("f", []byte(withBlock(c.text)), Scope{}); err == nil {
			t.Errorf("Parse of %q: no error", c.text)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	vars := []Pair{{"A", "1"}}
	if _, err := Plan(t.TempDir(), vars); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("directory: %v", err)
	}
	if _, err := Plan(put(t, "\xff\xfeA\x00"), vars); err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Errorf("UTF-16: %v", err)
	}
	if _, err := Plan(put(t, ""), []Pair{{"A B", "1"}}); err == nil {
		t.Error("bad name: no error")
	}
	fifo := filepath.Join(t.TempDir(), ".env")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := Plan(fifo, vars); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("pipe: %v", err)
	}
}

func FuzzPlanThenRemove(f *testing.F) {
	for _, s := range []string{"", "X=1", "X=1\n", "X=1\r\n", "[\n]", "\uFEFF", "[\nA='", "]\n["} {
		f.Add([]byte(withBlock(s)), "v")
	}
	f.Fuzz(func(t *testing.T, file []byte, value string) {
		path := filepath.Join(t.TempDir(), ".env")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Plan(path, []Pair{{"A", value}})
		if err != nil {
			return
		}
		if err := os.WriteFile(path, c.After, 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := Plan(path, []Pair{{"A", value}}); err != nil || !again.None {
			t.Fatalf("again: %v, %v", again, err)
		}
		had, _ := findBlock("f", strings.TrimPrefix(string(file), bom))
		gone, err := PlanRemove(path)
		if err != nil {
			t.Fatal(err)
		}
		if had.none() && string(gone.After) != string(file) {
			t.Fatalf("%q came back as %q", file, gone.After)
		}
	})
}
