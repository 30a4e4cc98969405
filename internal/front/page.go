package front

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
)

// explain is what `why` says of a service, without the lines that it wrote: what is in
// those is for the terminal.
func explain(m *moment, s control.Service) string {
	noLines := func(context.Context, control.LogQuery, func(control.LogLine) error) error { return nil }
	e, err := view.Explain(context.Background(), m.snap, s, noLines)
	var text bytes.Buffer
	if err == nil {
		err = e.Write(&text, func(s string) string { return s })
	}
	if err != nil {
		return view.Describe(s)
	}
	return strings.TrimSpace(text.String())
}

// isPageLoad reports whether a person waits for r in a browser's window.
func isPageLoad(r *http.Request) bool {
	if r.Method != http.MethodGet || r.Header.Get("Upgrade") != "" {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// page has the service, the status and the text, in HTML. A template of package
// html/template would make the program 2.4 MB larger.
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="1">
<meta name="color-scheme" content="light dark">
<title>%[1]s: %[2]s</title>
</head>
<body>
<h1>%[1]s</h1>
<pre>%[3]s</pre>
<p>This page loads again by itself.</p>
</body>
</html>
`

// write answers with r: a page for people, a line for programs.
func (r *refusal) write(w http.ResponseWriter, request *http.Request) {
	h := w.Header()
	h["Date"], h["Content-Type"] = nil, nil
	if r.text == "" { // Of a name that is not ours we tell nothing.
		w.WriteHeader(r.status)
		return
	}
	h.Set("Cache-Control", "no-store")
	if r.again {
		h.Set("Retry-After", "1")
	}
	if !isPageLoad(request) {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(r.status)
		fmt.Fprintln(w, r.text)
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'")
	w.WriteHeader(r.status)
	fmt.Fprintf(w, page, html.EscapeString(r.service), http.StatusText(r.status), html.EscapeString(r.text))
}
