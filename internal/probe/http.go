package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// answerBytes bounds what is read of an answer; drainTime what is waited for
	// its body, which is only read so that the server does not see it cut off.
	answerBytes = 64 << 10
	drainTime   = 50 * time.Millisecond
)

// HTTP passes when a GET of target, an http or https URL, answers with status; 0
// is any 2xx or 3xx. A redirect is an answer and is not followed, no proxy is
// asked. A certificate must come from roots, a file in PEM; where that is "", a loopback
// host's is not verified, and any other by the system's roots.
func HTTP(target string, status int, roots string) Check {
	return func(ctx context.Context) error {
		start := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
		if err != nil {
			return explain(err, start)
		}
		got, err := get(ctx, req, roots)
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return explain(err, start)
		}
		return judge(got, status, req.URL)
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

// get asks over a connection of its own, without http.Transport: that keeps
// connections, and logs to the program's standard log when a server that is no
// HTTP server speaks first.
func get(ctx context.Context, req *http.Request, roots string) (status int, err error) {
	conn, err := dialURL(ctx, req.URL, roots)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()

	req.Close = true
	req.Header.Set("User-Agent", "lhrun")
	if user := req.URL.User; user != nil {
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
	if err := req.Write(conn); err != nil {
		return 0, err
	}
	in := bufio.NewReader(io.LimitReader(conn, answerBytes))
	for {
		resp, err := http.ReadResponse(in, req)
		if err != nil {
			return 0, err
		}
		// 100 and 103 announce the answer.
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			_ = conn.SetReadDeadline(time.Now().Add(drainTime))
			_, _ = io.Copy(io.Discard, resp.Body)
			return resp.StatusCode, nil
		}
	}
}

func dialURL(ctx context.Context, u *url.URL, roots string) (net.Conn, error) {
	host, port := u.Hostname(), u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("no http or https URL: %q", u.Redacted())
	case host == "":
		return nil, fmt.Errorf("no host in %q", u.Redacted())
	case port == "":
		port = u.Scheme
	}
	addr := net.JoinHostPort(host, port)
	if u.Scheme == "http" {
		return dial(ctx, addr)
	}
	conn, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{ServerName: host, InsecureSkipVerify: isLoopback(host)}
	if roots != "" {
		config = verifying(roots, host)
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		var record tls.RecordHeaderError
		if errors.As(err, &record) {
			err = errNoTLS
		}
		return nil, err
	}
	return secure, nil
}

func isLoopback(host string) bool {
	host = strings.ToLower(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}
