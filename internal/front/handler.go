package front

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
)

// handler passes each request on to the service that its Host names.
type handler struct {
	tracker *tracker
	// observe is Options.Observe.
	observe func(service string, c net.Conn) net.Conn
	mu      sync.Mutex
	proxies map[string]*httputil.ReverseProxy
}

func newHandler(t *tracker, observe func(service string, c net.Conn) net.Conn) *handler {
	return &handler{tracker: t, observe: observe, proxies: map[string]*httputil.ReverseProxy{}}
}

const (
	// via is how this front names itself to those behind it, and mostPasses how often a
	// request may come by before that is a loop.
	via        = "1.1 lhrun"
	mostPasses = 5
)

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := h.tracker.now()
	service := m.routes.Find(r.Host)
	switch {
	case service == "":
		(&refusal{status: http.StatusMisdirectedRequest}).write(w, r)
	case !isOneWord(r.RequestURI):
		(&refusal{status: http.StatusBadRequest, service: service, text: "the path of this request holds a space"}).write(w, r)
	case r.Method == http.MethodConnect:
		(&refusal{status: http.StatusMethodNotAllowed, service: service, text: "lhrun's front is no proxy: it takes no CONNECT"}).write(w, r)
	case passes(r) >= mostPasses:
		(&refusal{status: http.StatusLoopDetected, service: service,
			text: fmt.Sprintf("this request has come by lhrun's front %d times: %s passes it on to itself", mostPasses, service)}).write(w, r)
	case m.front().Secure && r.TLS == nil && isSafe(r):
		w.Header()["Date"] = nil
		w.Header().Set("Location", "https://"+r.Host+r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		h.pass(w, r, service, newPatience(m, r))
	}
}

func isSafe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.Header.Get("Upgrade") == ""
}

// passes counts the fronts that r has come by.
func passes(r *http.Request) (n int) {
	for _, line := range r.Header.Values("Via") {
		for hop := range strings.SplitSeq(line, ",") {
			if strings.HasSuffix(strings.TrimSpace(hop), " lhrun") {
				n++
			}
		}
	}
	return n
}

type patienceKey struct{}

func (h *handler) pass(w http.ResponseWriter, r *http.Request, service string, p patience) {
	if r.ProtoMajor == 1 {
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	// What the service leaves out is not made up here.
	w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
	h.proxy(service).ServeHTTP(w, r.WithContext(context.WithValue(withOriginal(r), patienceKey{}, p)))
}

// proxy passes requests on to one service.
func (h *handler) proxy(service string) *httputil.ReverseProxy {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.proxies[service]; p != nil {
		return p
	}
	p := &httputil.ReverseProxy{
		Rewrite:       rewrite,
		Transport:     newUpstream(h.tracker, service, h.observe),
		FlushInterval: -1,
		ErrorHandler:  answerError,
		ErrorLog:      discard,
	}
	h.proxies[service] = p
	return p
}

// rewrite makes the request that the service gets.
func rewrite(r *httputil.ProxyRequest) {
	pathAsItCame(r.Out, r.In) // ReverseProxy takes out parameters that it cannot read, too.
	dropForged(r.Out.Header)
	r.Out.URL.Scheme = "http"
	r.Out.Host = r.In.Host
	r.SetXForwarded()
	if local, ok := r.In.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, port, err := net.SplitHostPort(local.String()); err == nil {
			r.Out.Header.Set("X-Forwarded-Port", port)
		}
	}
	r.Out.Header["Via"] = append(r.In.Header.Values("Via"), via)
	if r.In.ProtoMajor > 1 {
		// HTTP/2 brings cookies in pieces, which HTTP/1.1 wants as one.
		if cookies := r.Out.Header["Cookie"]; len(cookies) > 1 {
			r.Out.Header["Cookie"] = []string{strings.Join(cookies, "; ")}
		}
	}
}

// answerError answers for a service that did not.
func answerError(w http.ResponseWriter, r *http.Request, err error) {
	if refused, ok := errors.AsType[*refusal](err); ok {
		refused.write(w, r)
		return
	}
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // The client has gone.
	}
	(&refusal{status: http.StatusBadGateway, service: serviceOf(err), text: err.Error()}).write(w, r)
}
