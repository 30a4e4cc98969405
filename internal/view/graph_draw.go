package view

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/words"
)

// node is one end of edges in a drawing: a service, or something outside.
type node struct {
	name    string
	outside bool
}

func nodesOf(e control.Edge) (from, to node) {
	end := func(name string) node { return node{cmp.Or(name, e.Outside), name == ""} }
	return end(e.From), end(e.To)
}

// drawing numbers the nodes of g: all its services, then what is outside.
func drawing(g control.Graph) (nodes []node, number map[node]int) {
	number = map[node]int{}
	add := func(n node) {
		if _, known := number[n]; !known {
			number[n] = len(nodes)
			nodes = append(nodes, n)
		}
	}
	for _, name := range g.Services {
		add(node{name, false})
	}
	for _, e := range g.Edges {
		from, to := nodesOf(e)
		add(from)
		add(to)
	}
	return nodes, number
}

// edgeLabel says in lines what goes over e; nothing where that is not counted.
func edgeLabel(g control.Graph, e control.Edge) (lines []string) {
	if g.Uncounted == "" {
		lines = append(lines, words.Plural(e.Connections, "connection"))
	}
	if g.Uncounted == "" && e.Connections > 0 {
		lines = append(lines, fmt.Sprintf("%s up, %s down", amount(e.BytesUp), amount(e.BytesDown)))
	}
	if declared(e) == undeclared {
		lines = append(lines, undeclared)
	}
	return lines
}

// idle reports whether e is a dependency over which nothing goes.
func idle(g control.Graph, e control.Edge) bool { return g.Uncounted == "" && e.Connections == 0 }

// Dot draws g in the language of Graphviz: dashed is a dependency without a connection,
// red a connection that no dependency says.
func Dot(w io.Writer, g control.Graph) error {
	nodes, number := drawing(g)
	var b strings.Builder
	b.WriteString("digraph services {\n  rankdir=LR;\n  node [shape=box];\n")
	for i, n := range nodes {
		style := ""
		if n.outside {
			style = ", style=dashed"
		}
		fmt.Fprintf(&b, "  n%d [label=%s%s];\n", i, dotString(n.name), style)
	}
	for _, e := range g.Edges {
		from, to := nodesOf(e)
		attributes := []string{}
		if label := edgeLabel(g, e); len(label) > 0 {
			attributes = append(attributes, "label="+dotString(label...))
		}
		switch {
		case idle(g, e):
			attributes = append(attributes, "style=dashed")
		case declared(e) == undeclared:
			attributes = append(attributes, "color=red")
		}
		fmt.Fprintf(&b, "  n%d -> n%d", number[from], number[to])
		if len(attributes) > 0 {
			fmt.Fprintf(&b, " [%s]", strings.Join(attributes, ", "))
		}
		b.WriteString(";\n")
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotString quotes lines as one label.
func dotString(lines ...string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for i, line := range lines {
		lines[i] = escaped.Replace(line)
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}

// Mermaid draws g in the language of Mermaid: dotted is a dependency without a
// connection, thick a connection that no dependency says.
func Mermaid(w io.Writer, g control.Graph) error {
	nodes, number := drawing(g)
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, n := range nodes {
		form := "  n%d[%s]\n"
		if n.outside {
			form = "  n%d([%s])\n"
		}
		fmt.Fprintf(&b, form, i, mermaidString(n.name))
	}
	for _, e := range g.Edges {
		from, to := nodesOf(e)
		line := "-->"
		switch {
		case idle(g, e):
			line = "-.->"
		case declared(e) == undeclared:
			line = "==>"
		}
		if label := edgeLabel(g, e); len(label) > 0 {
			line += "|" + mermaidString(label...) + "|"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", number[from], line, number[to])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mermaidString quotes lines as one label. Mermaid takes a label for HTML or Markdown, so
// that all but plain characters are written by number.
func mermaidString(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br>")
		}
		for _, r := range line {
			if r <= unicode.MaxASCII && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_./:,()", r) {
				fmt.Fprintf(&b, "#%d;", r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	return `"` + b.String() + `"`
}
