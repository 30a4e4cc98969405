package traffic

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lhrun/lhrun/internal/decode"
)

type harLog struct {
	Version string     `json:"version"`
	Creator harTool    `json:"creator"`
	Entries []harEntry `json:"entries"`
}

type harTool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  time.Time    `json:"startedDateTime"`
	Time     float64      `json:"time"`
	Request  harRequest   `json:"request"`
	Response harResponse  `json:"response"`
	Cache    struct{}     `json:"cache"`
	Timings  harTimings   `json:"timings"`
	Comment  string       `json:"comment,omitempty"`
	Type     string       `json:"_resourceType,omitempty"`
	Messages []harMessage `json:"_webSocketMessages,omitempty"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []harPair `json:"cookies"`
	Headers     []harPair `json:"headers"`
	QueryString []harPair `json:"queryString"`
	PostData    *harPost  `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int64     `json:"bodySize"`
}

type harPost struct {
	MimeType string    `json:"mimeType"`
	Params   []harPair `json:"params"`
	Text     string    `json:"text"`
	Comment  string    `json:"comment,omitempty"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []harPair  `json:"cookies"`
	Headers     []harPair  `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int64      `json:"bodySize"`
}

type harContent struct {
	Size     int64  `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Encoding string `json:"encoding,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// harMessage is Chromium's.
type harMessage struct {
	Type   string  `json:"type"`
	Time   float64 `json:"time"`
	Opcode int     `json:"opcode"`
	Data   string  `json:"data"`
}

// WriteHAR writes the calls of HTTP among entries as HAR 1.2, and returns how many it left
// out because they are of another protocol.
func WriteHAR(w io.Writer, version string, entries []Entry) (left int, err error) {
	log := harLog{"1.2", harTool{"lhrun", version}, []harEntry{}}
	for i := range entries {
		if isHTTP(entries[i].Protocol) {
			log.Entries = append(log.Entries, entries[i].har())
		} else {
			left++
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return left, enc.Encode(map[string]harLog{"log": log})
}

func (e *Entry) har() harEntry {
	h := harEntry{Started: e.Began, Request: e.harRequest(), Response: e.harResponse(), Comment: e.Edge.String()}
	ms := func(from, to time.Time) float64 {
		if from.IsZero() || to.Before(from) {
			return 0
		}
		return float64(to.Sub(from).Microseconds()) / 1000
	}
	h.Timings.Wait, h.Timings.Receive = ms(e.Began, e.Answered), ms(e.Answered, e.Ended)
	h.Time = h.Timings.Wait + h.Timings.Receive
	if e.Trouble != "" {
		h.Comment += ": " + e.Trouble
	}
	if e.Protocol == decode.WebSocket {
		h.Type = "websocket"
		for i := range e.Messages {
			h.Messages = append(h.Messages, harFrame(&e.Messages[i]))
		}
	}
	return h
}

func harFrame(m *decode.Message) harMessage {
	out := harMessage{Type: "receive", Time: float64(m.At.UnixMicro()) / 1e6}
	if m.Dir == decode.Up {
		out.Type = "send"
	}
	opcodes := map[string]int{"text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}
	out.Opcode, out.Data = opcodes[m.Kind], string(m.Data)
	if m.Kind != "text" {
		out.Data = base64.StdEncoding.EncodeToString(m.Data)
	}
	return out
}

func pairs(fields []decode.Field) []harPair {
	out := []harPair{}
	for _, f := range fields {
		if !strings.HasPrefix(f.Name, ":") {
			out = append(out, harPair{f.Name, f.Value})
		}
	}
	return out
}

// harVersion is the last or first word of a first line; HTTP/2 has none.
func harVersion(line string) string {
	for word := range strings.FieldsSeq(line) {
		if strings.HasPrefix(word, "HTTP/") {
			return word
		}
	}
	return "HTTP/2"
}

func (e *Entry) harRequest() harRequest {
	host := Header(e.Request.Fields, "Host")
	if host == "" {
		host = Header(e.Request.Fields, ":authority")
	}
	if host == "" {
		host = e.To
	}
	scheme := "http"
	if e.Protocol == decode.WebSocket {
		scheme = "ws"
	}
	r := harRequest{
		Method: e.Method, URL: scheme + "://" + host + e.Path, HTTPVersion: harVersion(e.Request.Line), Cookies: []harPair{},
		Headers: pairs(e.Request.Fields), QueryString: []harPair{}, HeadersSize: -1, BodySize: e.Request.Size,
	}
	if strings.Contains(e.Path, "://") { // A proxy's form has it all.
		r.URL = e.Path
	}
	_, query, _ := strings.Cut(e.Path, "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			r.QueryString = append(r.QueryString, harPair{unescaped(name), unescaped(value)})
		}
	}
	if e.Request.Size > 0 {
		text, whole, err := Content(&e.Request, e.Up)
		r.PostData = &harPost{MimeType: Header(e.Request.Fields, "Content-Type"), Params: []harPair{}, Comment: missing(whole, e.Up, err)}
		r.PostData.Text = strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return r
}

func unescaped(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

func (e *Entry) harResponse() harResponse {
	r := harResponse{
		HTTPVersion: harVersion(e.Response.Line), Cookies: []harPair{}, Headers: pairs(e.Response.Fields),
		RedirectURL: Header(e.Response.Fields, "Location"), HeadersSize: -1, BodySize: e.Response.Size,
	}
	for _, word := range []string{e.Status, Header(e.Response.Fields, ":status"), wordOf(e.Response.Line, 1)} {
		if n, ok := statusNumber(word); ok {
			r.Status = n
		}
	}
	if words := strings.SplitN(e.Response.Line, " ", 3); len(words) == 3 {
		r.StatusText = words[2]
	}
	text, whole, err := Content(&e.Response, e.Down)
	r.Content = harContent{Size: max(e.Response.Size, int64(len(text))), MimeType: Header(e.Response.Fields, "Content-Type"), Comment: missing(whole, e.Down, err)}
	if utf8.Valid(text) {
		r.Content.Text = string(text)
	} else {
		r.Content.Text, r.Content.Encoding = base64.StdEncoding.EncodeToString(text), "base64"
	}
	return r
}

func wordOf(line string, n int) string {
	if words := strings.Fields(line); n < len(words) {
		return words[n]
	}
	return ""
}

func statusNumber(word string) (n int, ok bool) {
	if len(word) != 3 {
		return 0, false
	}
	for _, c := range word {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// missing says why a content is not the whole.
func missing(whole bool, form Form, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case !whole && form == AsCame:
		return "not all of it was kept"
	}
	return ""
}
