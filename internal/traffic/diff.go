package traffic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/lhrun/lhrun/internal/decode"
)

// Diff is the difference between two calls, requests and responses, as a unified diff; ""
// where there is none. JSON is compared by what it says.
func Diff(a, b *Entry) string {
	name := func(e *Entry) string { return fmt.Sprintf("call %d", e.ID) }
	return string(diff.Diff(name(a), a.comparable(), name(b), b.comparable()))
}

// comparable writes what two calls can have in common.
func (e *Entry) comparable() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", e.Method, e.Path)
	comparePart(&b, &e.Request, e.Up)
	fmt.Fprintf(&b, "\nstatus %s\n", e.Status)
	comparePart(&b, &e.Response, e.Down)
	for _, m := range e.Messages {
		fmt.Fprintf(&b, "\n%s %s\n%s", []string{">", "<"}[m.Dir&1], m.Kind, normal(m.Data))
	}
	return b.Bytes()
}

func comparePart(b *bytes.Buffer, p *decode.Part, form Form) {
	for _, fields := range [][]decode.Field{p.Fields, p.Trailers} {
		for _, f := range fields {
			fmt.Fprintf(b, "%s: %s\n", strings.ToLower(f.Name), f.Value)
		}
	}
	text, _, err := Content(p, form)
	if err != nil {
		fmt.Fprintf(b, "(%v)\n", err)
	}
	b.WriteString(normal(text))
}

// normal writes JSON with sorted names and indents, numbers as they are, and text in whole
// lines.
func normal(content []byte) string {
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) == nil && !dec.More() {
		if out, err := json.MarshalIndent(v, "", "  "); err == nil {
			return string(out) + "\n"
		}
	}
	if len(content) == 0 {
		return ""
	}
	return strings.TrimSuffix(string(content), "\n") + "\n"
}
