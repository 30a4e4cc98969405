package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const healthMethod = "/grpc.health.v1.Health/Check"

// GRPC passes when grpc.health.v1 at addr, host:port, says SERVING for service; "" is
// the whole server. It asks by TLS, with a certificate from roots, a file in PEM, unless
// that is "".
func GRPC(addr, service, roots string) Check {
	var only http.Protocols
	only.SetUnencryptedHTTP2(roots == "")
	only.SetHTTP2(roots != "")
	scheme, host := "http", addr
	if roots != "" {
		scheme = "https"
		if name, _, err := net.SplitHostPort(addr); err == nil {
			host = name
		}
	}
	client := &http.Client{
		Transport: &http.Transport{
			Protocols:              &only,
			DisableKeepAlives:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: answerBytes,
			TLSClientConfig:        verifying(roots, host),
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) error {
		start := time.Now()
		body := bytes.NewReader(healthRequest(service))
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, scheme+"://"+addr+healthMethod, body)
		if err != nil {
			return explain(err, start)
		}
		req.Header.Set("Content-Type", "application/grpc")
		req.Header.Set("TE", "trailers")
		req.Header.Set("User-Agent", "lhrun")
		resp, err := client.Do(req)
		if err != nil {
			return explainHTTP2(err, start, roots != "")
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
		if err != nil {
			return explainHTTP2(err, start, roots != "")
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("http %d from %s", resp.StatusCode, healthMethod)
		}
		return judgeCall(resp, answer, service)
	}
}

// explainHTTP2 tells a server that speaks something else: depending on who
// hangs up first that is an error of HTTP/2, for which net/http has no types, a
// reset or an early end.
func explainHTTP2(err error, start time.Time, secure bool) error {
	text := reason(err, start)
	var record tls.RecordHeaderError
	switch {
	case secure && (errors.As(err, &record) || strings.Contains(text, "HTTP response to HTTPS client")):
		text = errNoTLS.Error()
	case !strings.Contains(text, "http2:") && !strings.HasPrefix(text, "connection reset") && !strings.HasPrefix(text, "connection closed"):
	case secure:
		text = "no gRPC answer: it must speak gRPC with TLS (tls = true)"
	default:
		text = "no gRPC answer: it must speak gRPC without TLS"
	}
	return &failure{text: text, err: err}
}

// judgeCall reads the outcome of a call: its status, then the health in answer.
func judgeCall(resp *http.Response, answer []byte, service string) error {
	// A call that fails at once has its status in the only header it sends.
	trailer := resp.Trailer
	if resp.Header.Get("Grpc-Status") != "" {
		trailer = resp.Header
	}
	status := trailer.Get("Grpc-Status")
	if status == "" {
		return errors.New("the answer has no grpc-status")
	}
	code, err := strconv.Atoi(status)
	if err != nil {
		return fmt.Errorf("the answer's grpc-status is %q", plain([]byte(status)))
	}
	if code != 0 {
		return callError(code, trailer.Get("Grpc-Message"), service)
	}
	health, err := healthResponse(answer)
	switch {
	case err != nil:
		return fmt.Errorf("cannot read the answer of %s: %w", healthMethod, err)
	case health != serving:
		return errors.New(healthName(health))
	}
	return nil
}

func callError(code int, message, service string) error {
	switch code {
	case 5:
		return fmt.Errorf("NOT_FOUND: its health service does not know %q", service)
	case 12:
		return errors.New("UNIMPLEMENTED: it has no grpc.health.v1 service")
	}
	text := codeName(code)
	if decoded, err := url.PathUnescape(message); err == nil {
		message = decoded
	}
	if message := plain([]byte(message)); message != "" {
		text += ": " + message
	}
	return errors.New(text)
}

func codeName(code int) string {
	names := [...]string{
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
		"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
		"ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
		"UNAUTHENTICATED",
	}
	if code < 0 || code >= len(names) {
		return fmt.Sprintf("grpc-status %d", code)
	}
	return names[code]
}
