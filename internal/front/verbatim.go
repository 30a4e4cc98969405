package front

import (
	"context"
	"io"
	"net/http"
	"strings"
)

// isOneWord reports whether uri stays one word of a request line. HTTP/2 brings it apart
// from the line, so that it may hold what would end it.
func isOneWord(uri string) bool {
	return !strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// pathAsItCame has out ask for the path of in byte for byte: net/url writes some characters
// that browsers leave alone, such as a bar, in another way.
func pathAsItCame(out, in *http.Request) {
	out.URL.RawQuery, out.URL.ForceQuery = in.URL.RawQuery, in.URL.ForceQuery
	path, _, _ := strings.Cut(in.RequestURI, "?")
	switch {
	case path == in.URL.EscapedPath(), !strings.HasPrefix(path, "/"):
	case strings.HasPrefix(path, "//"): // An opaque URL that begins so is a whole one.
	default:
		out.URL.Opaque = path
	}
}

// dropForged removes what CGI and its like take for a header of the front's, since they
// write every dash as an underscore.
func dropForged(h http.Header) {
	for name := range h {
		if !strings.Contains(name, "_") {
			continue
		}
		if dashed := strings.ToLower(strings.ReplaceAll(name, "_", "-")); isOurs(dashed) {
			delete(h, name)
		}
	}
}

// isOurs reports whether the front alone says what is in a header.
func isOurs(lower string) bool {
	switch lower {
	case "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "forwarded", "via":
		return true
	}
	return false
}

type originalKey struct{}

// withOriginal keeps r itself in its context: the server tells its trailers there, and
// nowhere else.
func withOriginal(r *http.Request) context.Context {
	return context.WithValue(r.Context(), originalKey{}, r)
}

// trailersOf returns the trailers that a request has so far; announced ones without a
// value are nil.
func trailersOf(ctx context.Context) http.Header {
	if r, ok := ctx.Value(originalKey{}).(*http.Request); ok {
		return r.Trailer
	}
	return nil
}

// trailing fills in the trailers of a request once its body has come to its end.
type trailing struct {
	io.ReadCloser
	ctx context.Context
	to  http.Header
}

func (t *trailing) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if err == io.EOF {
		for name, values := range trailersOf(t.ctx) {
			if values != nil && mayTrail(name) {
				t.to[name] = values
			}
		}
	}
	return n, err
}

// announced is what the trailers of a request are said to be.
func announced(ctx context.Context) http.Header {
	to := http.Header{}
	for name := range trailersOf(ctx) {
		if mayTrail(name) {
			to[name] = nil
		}
	}
	return to
}

// mayTrail refuses what frames or routes a request, or what the front itself says: some
// servers put trailers among the headers.
func mayTrail(name string) bool {
	switch lower := strings.ToLower(strings.ReplaceAll(name, "_", "-")); lower {
	case "host", "te", "trailer", "transfer-encoding", "connection", "keep-alive", "upgrade", "proxy-connection",
		"authorization", "cookie", "expect", "range", "max-forwards", "origin", "referer":
		return false
	default:
		return !isOurs(lower) && !strings.HasPrefix(lower, "content-")
	}
}
