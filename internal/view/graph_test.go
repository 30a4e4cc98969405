package view

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/control"
)

// shopGraph has every kind of edge, and names that a drawing has to escape.
func shopGraph() control.Graph {
	return control.Graph{
		Services: []string{"db", "api", "web", "outside", "lone"},
		Edges: []control.Edge{
			{From: "api", To: "db", Connections: 20, BytesUp: 812, BytesDown: 3_500_000, RTT: 34, Declared: true},
			{From: "web", To: "api", Declared: true},
			{From: "web", To: "db", Connections: 1, BytesUp: 5000, RTT: 1250},
			{To: "web", Outside: "blog/feature-x", Connections: 2, BytesUp: 1, BytesDown: 999, RTT: 15000},
			{To: "web", Outside: `a "quoted" \n <b>#1</b> |pipe`, Connections: 1},
			{To: "web", Outside: control.Browser, Front: true, Connections: 4, BytesUp: 5, BytesDown: 6},
			{From: "outside", Outside: control.AnotherMachine, Connections: 1, BytesUp: 1 << 40, BytesDown: 7 << 30},
		},
	}
}

// The table, the drawings and JSON, of a run and without one. With UPDATE=1 the files are
// written instead.
func TestGraph(t *testing.T) {
	live, declared := shopGraph(), shopGraph()
	declared.Edges, declared.Uncounted = declared.Edges[:2], "it does not run"
	table := func(s Sheet, g control.Graph) string { return strings.Join(s.GraphTable(g), "\n") + "\n" }
	printed := func(print func(*bytes.Buffer) error) string {
		var b bytes.Buffer
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for name, got := range map[string]string{
		"pipe.txt":          table(Sheet{}, live),
		"80.txt":            table(Sheet{Width: 80}, live),
		"60.txt":            table(Sheet{Width: 60}, live),
		"colour.txt":        table(Sheet{Width: 120, Color: true}, live),
		"declared.txt":      table(Sheet{}, declared),
		"none.txt":          table(Sheet{}, control.Graph{}),
		"live.dot":          printed(func(b *bytes.Buffer) error { return Dot(b, live) }),
		"declared.dot":      printed(func(b *bytes.Buffer) error { return Dot(b, declared) }),
		"live.mermaid":      printed(func(b *bytes.Buffer) error { return Mermaid(b, live) }),
		"declared.mermaid":  printed(func(b *bytes.Buffer) error { return Mermaid(b, declared) }),
		"live.json":         printed(func(b *bytes.Buffer) error { return PrintGraph(b, live) }),
		"declared.json":     printed(func(b *bytes.Buffer) error { return PrintGraph(b, declared) }),
		"without-edge.json": printed(func(b *bytes.Buffer) error { return PrintGraph(b, control.Graph{}) }),
	} {
		t.Run(name, func(t *testing.T) { same(t, filepath.Join("testdata", "graph", name), got) })
	}
}

// No line of the table is wider than the terminal, and no name ends the label of a
// drawing that it stands in.
func FuzzGraph(f *testing.F) {
	f.Add("api", "db", "curl", 80, uint64(7))
	f.Add("a-very-long-name-of-a-service", "another", `q"\`, 20, uint64(1<<62))
	f.Add("a", "b", "日本語 #quot; `x` <br>", 1, uint64(0))
	f.Fuzz(func(t *testing.T, from, to, outside string, width int, n uint64) {
		if !utf8.ValidString(from+"\x00"+to+"\x00"+outside) || strings.ContainsFunc(from+to+outside, func(r rune) bool { return r < ' ' }) {
			t.Skip("names are checked, and programs made printable, long before")
		}
		g := control.Graph{Services: []string{from}, Edges: []control.Edge{
			{From: from, To: to, Connections: 1, BytesUp: n, BytesDown: n, RTT: int64(n >> 1)},
			{To: to, Outside: outside, Connections: int(n >> 2)},
		}}
		s := Sheet{Width: 1 + width&0xff}
		for _, line := range s.GraphTable(g) {
			if columnsOf(line) > s.Width {
				t.Errorf("%q is wider than %d", line, s.Width)
			}
		}
		var dot, mermaid bytes.Buffer
		_, _ = Dot(&dot, g), Mermaid(&mermaid, g)
		for line := range strings.Lines(dot.String()) {
			if bare := strings.NewReplacer(`\\`, "", `\"`, "").Replace(line); strings.Count(bare, `"`)%2 != 0 || strings.Count(bare, `"`) > 2 {
				t.Errorf("the label does not hold %q", line)
			}
		}
		for line := range strings.Lines(mermaid.String()) {
			if strings.Count(line, `"`) > 2 || strings.ContainsAny(strings.ReplaceAll(line, "<br>", ""), "`\\{}") {
				t.Errorf("the label does not hold %q", line)
			}
		}
	})
}
