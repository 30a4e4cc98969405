package view

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/decode"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/internal/words"
)

// mostShown bounds what is shown of a body, in bytes.
const mostShown = 256 << 10

// ShowTraffic writes a whole call: both halves, and the messages one after the other.
func (s Sheet) ShowTraffic(w io.Writer, e traffic.Entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.Paint("1", logs.OneLine(fmt.Sprintf("call %d  %s  %s  %s", e.ID, e.Edge, e.Protocol, e.Began.Local().Format("2006-01-02 15:04:05.000")))))
	state := e.Status
	if e.Pending() {
		state = pendingWord
	} else {
		state += fmt.Sprintf(", %.1f ms", float64(e.Elapsed(e.Ended).Microseconds())/1000)
	}
	fmt.Fprintf(&b, "%s\n", logs.OneLine(state))
	for _, note := range [][2]string{{"fault: ", e.Fault}, {"not known to its end: ", e.Trouble}} {
		if note[1] != "" {
			fmt.Fprintf(&b, "%s\n", s.Paint("33", note[0]+logs.OneLine(note[1])))
		}
	}
	if e.Request.Line == "" {
		e.Request.Line = strings.TrimSpace(e.Method + " " + e.Path)
	}
	s.showPart(&b, "> ", &e.Request, e.Up)
	s.showPart(&b, "< ", &e.Response, e.Down)
	for i := range e.Messages {
		s.showMessage(&b, &e.Messages[i])
	}
	if e.Left > 0 {
		fmt.Fprintf(&b, "\n%s\n", s.Paint("2", fmt.Sprintf("… %s not kept", words.Plural(e.Left, "message"))))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Sheet) showPart(b *strings.Builder, mark string, p *decode.Part, form traffic.Form) {
	if p.Line == "" && p.Fields == nil && p.Size == 0 && p.Body == nil {
		return
	}
	b.WriteString("\n")
	if p.Line != "" {
		for line := range strings.SplitSeq(p.Line, "\n") {
			b.WriteString(s.Paint("36", mark+logs.OneLine(line)) + "\n")
		}
	}
	for _, fields := range [][]decode.Field{p.Fields, p.Trailers} {
		for _, f := range fields {
			b.WriteString(s.Paint("36", mark) + logs.OneLine(f.Name+": "+f.Value) + "\n")
		}
	}
	text, whole, err := traffic.Content(p, form)
	if len(text) > 0 || err != nil {
		b.WriteString("\n")
	}
	if err != nil {
		b.WriteString(s.Paint("33", fmt.Sprintf("%s: %v", words.Plural(int(p.Size), "byte"), err)) + "\n")
	}
	b.WriteString(readable(text))
	if !whole && form == traffic.AsCame && err == nil {
		b.WriteString(s.Paint("2", fmt.Sprintf("… of %s in all, %d are kept", words.Plural(int(p.Size), "byte"), len(p.Body))) + "\n")
	}
}

func (s Sheet) showMessage(b *strings.Builder, m *decode.Message) {
	way := "<"
	if m.Dir == decode.Up {
		way = ">"
	}
	head := fmt.Sprintf("%s %s %s, %s", way, m.At.Local().Format("15:04:05.000"), logs.OneLine(m.Kind), words.Plural(int(m.Size), "byte"))
	b.WriteString("\n" + s.Paint("36", head) + "\n" + readable(m.Data))
	if int64(len(m.Data)) < m.Size {
		b.WriteString(s.Paint("2", fmt.Sprintf("… %d are kept", len(m.Data))) + "\n")
	}
}

// readable is JSON with indents, text without what moves a cursor, or hex; in whole lines.
func readable(content []byte) string {
	if len(content) == 0 {
		return ""
	}
	cut := ""
	if len(content) > mostShown {
		cut = fmt.Sprintf("… %d more bytes\n", len(content)-mostShown)
		content = content[:mostShown]
	}
	var indented bytes.Buffer
	trimmed := bytes.TrimSpace(content)
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') && json.Indent(&indented, trimmed, "", "  ") == nil {
		content = indented.Bytes()
	} else if !isText(content) {
		return hex.Dump(content) + cut
	}
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(string(content), "\n"), "\n") {
		b.WriteString(logs.OneLine(strings.TrimSuffix(line, "\r")) + "\n")
	}
	return b.String() + cut
}

// isText allows for a last character that was cut.
func isText(content []byte) bool {
	odd := 0
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && size == 1 && (i < len(content)-utf8.UTFMax || utf8.FullRune(content[i:])) {
			return false
		}
		if unicode.IsControl(r) && !strings.ContainsRune("\t\r\n\x1b", r) {
			odd++
		}
		i += size
	}
	return odd == 0
}
