package traffic

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
)

const (
	// mostReplayed bounds what is kept of an answer, in bytes; replayTime is for all of it.
	mostReplayed = 16 << 20
	replayTime   = time.Minute
)

// Replay sends the request of e, which is as it came, to base once more, and returns the
// call that this was. It follows no redirect.
func (e *Entry) Replay(ctx context.Context, base string) (Entry, error) {
	if err := e.Repeatable(); err != nil {
		return Entry{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, replayTime)
	defer cancel()
	req, err := e.request(ctx, base)
	if err != nil {
		return Entry{}, err
	}
	// The service of this machine answers, whoever its certificate is for.
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	out := Entry{ID: e.ID, Edge: e.Edge, Exchange: e.Exchange}
	out.Response, out.Messages, out.Trouble, out.Left = decode.Part{}, nil, "", 0
	out.Began = time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return Entry{}, fmt.Errorf("cannot send call %d again: %w", e.ID, err)
	}
	defer resp.Body.Close()
	out.Answered = time.Now()
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostReplayed))
	if err != nil {
		out.Trouble = err.Error()
	}
	out.Ended, out.Status, out.Failed = time.Now(), fmt.Sprint(resp.StatusCode), resp.StatusCode >= 400
	out.Response.Line = resp.Proto + " " + resp.Status
	for name, values := range resp.Header {
		for _, value := range values {
			out.Response.Fields = append(out.Response.Fields, decode.Field{Name: name, Value: value})
		}
	}
	out.Response.Body, out.Response.Size = body, int64(len(body))
	return out, nil
}

func (e *Entry) request(ctx context.Context, base string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, e.Method, base, bytes.NewReader(e.Request.Body))
	if err != nil {
		return nil, fmt.Errorf("cannot send call %d again: %w", e.ID, err)
	}
	path, query, has := strings.Cut(e.Path, "?")
	req.URL.Opaque, req.URL.RawQuery, req.URL.ForceQuery = path, query, has && query == ""
	if !strings.HasPrefix(path, "/") {
		if req.URL, err = url.Parse(base); err != nil {
			return nil, err
		}
		req.URL.Opaque = path
	}
	req.Header = http.Header{"User-Agent": nil}
	for _, f := range e.Request.Fields {
		switch {
		case strings.EqualFold(f.Name, "Host"):
			req.Host = f.Value
		case !isHop(f.Name):
			req.Header[f.Name] = append(req.Header[f.Name], f.Value)
		}
	}
	return req, nil
}
