package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// drainBytes and drainTime bound what is read of a body, so that a server
	// does not see its answer cut off and an endless one holds nobody.
	drainBytes = 64 << 10
	drainTime  = 50 * time.Millisecond
)

// HTTP passes when a GET of url answers with status; 0 is any 2xx or 3xx. A
// redirect is an answer and is not followed, no proxy is asked, and a loopback
// host's certificate is not verified.
func HTTP(target string, status int) Check {
	client := &http.Client{
		Transport: &http.Transport{
			// A kept connection would hold a stopping server open.
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: drainBytes,
			TLSClientConfig:        &tls.Config{InsecureSkipVerify: isLoopback(target)},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) error {
		start := time.Now()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return explain(err, start)
		}
		req.Header.Set("User-Agent", "lhrun")
		resp, err := client.Do(req)
		if err != nil {
			return explain(err, start)
		}
		defer time.AfterFunc(drainTime, cancel).Stop()
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, drainBytes))
		resp.Body.Close()
		return judge(resp.StatusCode, status, req.URL)
	}
}

func judge(got, want int, u *url.URL) error {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	switch {
	case want == 0 && got >= 200 && got < 400, want == got:
		return nil
	case want != 0:
		return fmt.Errorf("http %d from %s, not %d", got, path, want)
	}
	return fmt.Errorf("http %d from %s", got, path)
}

func isLoopback(target string) bool {
	u, err := url.Parse(target)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}
