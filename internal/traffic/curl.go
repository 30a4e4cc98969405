package traffic

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lhrun/lhrun/internal/words"
)

// isHop reports whether a header is of the connection rather than of the request, or one
// that curl and clients of HTTP make by themselves.
func isHop(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "content-length", "transfer-encoding", "keep-alive", "proxy-connection", "upgrade", "te", "trailer", "expect", "http2-settings":
		return true
	}
	return strings.HasPrefix(name, ":")
}

// Repeatable returns an error for a call that cannot be made again as it was.
func (e *Entry) Repeatable() error {
	switch {
	case !isHTTP(e.Protocol):
		return fmt.Errorf("cannot repeat call %d: it is %s, not HTTP", e.ID, e.Protocol)
	case e.Protocol == "websocket" || e.Protocol == "grpc":
		return fmt.Errorf("cannot repeat call %d: a %s call is a conversation", e.ID, e.Protocol)
	case e.Up != AsCame:
		return fmt.Errorf("cannot repeat call %d: its body was compressed, and is masked: --reveal leaves it as it came", e.ID)
	case int64(len(e.Request.Body)) < e.Request.Size:
		return fmt.Errorf("cannot repeat call %d: only %d of %d bytes of its body are kept: raise inspect.body", e.ID, len(e.Request.Body), e.Request.Size)
	}
	return nil
}

// Curl is the command, for any POSIX shell, that sends the request of e to base, such as
// "http://127.0.0.1:20123".
func (e *Entry) Curl(base string) (string, error) {
	if err := e.Repeatable(); err != nil {
		return "", err
	}
	if strings.Contains(e.Method+e.Path, "\x00") {
		return "", errors.New("cannot write a NUL byte in a command of a shell")
	}
	parts := []string{"curl -sS -i --globoff --path-as-is"}
	if e.Method == "HEAD" {
		parts[0] += " --head"
	} else {
		parts[0] += " -X " + words.ShellQuote(e.Method)
	}
	seen := map[string]bool{}
	for _, f := range e.Request.Fields {
		if isHop(f.Name) {
			continue
		}
		seen[strings.ToLower(f.Name)] = true
		header := f.Name + ": " + f.Value
		if f.Value == "" {
			header = f.Name + ";"
		}
		parts = append(parts, "-H "+words.ShellQuote(header))
	}
	for _, name := range []string{"User-Agent", "Accept", "Content-Type"} { // curl has its own.
		if !seen[strings.ToLower(name)] && (name != "Content-Type" || len(e.Request.Body) > 0) {
			parts = append(parts, "-H "+words.ShellQuote(name+":"))
		}
	}
	before := ""
	if len(e.Request.Body) > 0 {
		before = "printf " + words.ShellQuote(printfBytes(e.Request.Body)) + " | "
		parts = append(parts, "-H 'Expect:' --data-binary @-")
	}
	parts = append(parts, words.ShellQuote(base+e.Path))
	return before + strings.Join(parts, " \\\n  "), nil
}

// printfBytes writes bytes for the printf of a shell, which takes octal numbers.
func printfBytes(body []byte) string {
	var b strings.Builder
	for i, c := range body {
		switch {
		case i == 0 && c == '-': // It would be an option.
			b.WriteString(`\055`)
		case c == '%':
			b.WriteString("%%")
		case c == '\\':
			b.WriteString(`\\`)
		case c >= ' ' && c < 0x7f || c == '\n':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}
