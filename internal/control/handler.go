package control

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// handler answers requests. All that is odd about one is an error, in JSON.
func (s *Server) handler() http.Handler {
	routes := map[string]struct {
		method string
		serve  func(http.ResponseWriter, *http.Request) error
	}{
		pathHello:    {http.MethodGet, s.hello},
		pathSnapshot: {http.MethodGet, s.snapshot},
		pathEvents:   {http.MethodGet, s.events},
		pathLogs:     {http.MethodPost, s.logs},
		pathPage:     {http.MethodPost, s.page},
		pathFind:     {http.MethodPost, s.find},
		pathAsk:      {http.MethodPost, s.ask},
		pathHold:     {http.MethodPost, s.hold},
		pathAttach:   {http.MethodPost, s.attach},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.handlers.enter() {
			panic(http.ErrAbortHandler)
		}
		defer s.handlers.leave()
		s.bound(w, r)
		introduce(w.Header())
		route, known := routes[r.URL.Path]
		status, err := greet(r)
		switch {
		case err != nil:
			s.refuse(w, status, err)
		case !known:
			s.refuse(w, http.StatusNotFound, mistake("there is no %.100q here", r.URL.Path))
		case r.Method != route.method:
			w.Header().Set("Allow", route.method)
			s.refuse(w, http.StatusMethodNotAllowed, mistake("%s takes %s, not %.20q", r.URL.Path, route.method, r.Method))
		default:
			s.serve(w, r, route.serve)
		}
	})
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, f func(http.ResponseWriter, *http.Request) error) {
	err := guarded(func() error { return f(w, r) })
	switch {
	case errors.Is(err, errCut):
		panic(http.ErrAbortHandler) // The client must not take this for the end.
	case errors.As(err, new(busy)):
		w.Header().Set("Connection", "close") // Its place is wanted.
		s.refuse(w, http.StatusServiceUnavailable, err)
	case err != nil:
		s.refuse(w, statusOf(err), err)
	}
}

// bound sets how long the rest of a request may take to come. The deadline ends
// with the body; one without a body must have none, as that would cut its answer off.
func (s *Server) bound(w http.ResponseWriter, r *http.Request) {
	if r.Body != http.NoBody {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.limits.body))
	}
}

func statusOf(err error) int {
	var m *Mistake
	var taken *PortError
	switch {
	case errors.As(err, &m):
		return http.StatusBadRequest
	case errors.Is(err, ErrEnded), errors.As(err, &taken):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

// greet refuses what is no lhrun of this protocol: a browser, too, where somebody
// has made the socket reachable for one.
func greet(r *http.Request) (status int, err error) {
	for _, h := range []string{"Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Cookie"} {
		if len(r.Header.Values(h)) > 0 {
			return http.StatusForbidden, errors.New("this is not for browsers")
		}
	}
	if r.Host != host {
		return http.StatusForbidden, fmt.Errorf("the host is %q here, not %.100q", host, r.Host)
	}
	theirs, err := meet(r.Header, 0)
	switch {
	case err != nil:
		return http.StatusUpgradeRequired, fmt.Errorf("lhrun %s asks lhrun %s (protocol %d), which does not understand it",
			err.(*VersionError).Theirs, ownVersion(), protocol)
	case !theirs:
		return http.StatusUpgradeRequired, fmt.Errorf("the header %s: %d is missing", headerProtocol, protocol)
	}
	return 0, nil
}

func (s *Server) refuse(w http.ResponseWriter, status int, err error) {
	s.answer(w, status, failureOf(err))
}

func (s *Server) answer(w http.ResponseWriter, status int, v any) {
	body, err := encode(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"cannot write the answer"}`)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.limits.answer))
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // A client that is gone needs no answer.
}

// parameters refuses all but the known ones, and any that comes twice.
func parameters(r *http.Request, known string) (string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return "", mistake("cannot read the parameters: %v", err)
	}
	for name, v := range values {
		if name != known || len(v) != 1 {
			return "", mistake("%s does not take %.100q", r.URL.Path, r.URL.RawQuery)
		}
	}
	return values.Get(known), nil
}

func (s *Server) hello(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r, ""); err != nil {
		return err
	}
	s.answer(w, http.StatusOK, struct{}{})
	return nil
}

func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) error {
	usage, err := parameters(r, "usage")
	if err != nil {
		return err
	}
	snap, err := s.project.Snapshot(r.Context(), usage == "true")
	if err == nil {
		s.answer(w, http.StatusOK, snap)
	}
	return err
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	var req Request
	if err := readBody(w, r, &req); err != nil {
		return err
	}
	a, err := s.project.Ask(r.Context(), req)
	if err == nil {
		s.answer(w, http.StatusOK, a)
	}
	return err
}

func (s *Server) hold(w http.ResponseWriter, r *http.Request) error {
	holder, ok := s.project.(Holder)
	if !ok {
		return mistake("nothing can be held here")
	}
	alone, err := parameters(r, "no_deps")
	if err != nil {
		return err
	}
	var services []string
	if err := readBody(w, r, &services); err != nil {
		return err
	}
	return s.stream(w, r, func(ctx context.Context, send func(any) error) error {
		return holder.Hold(ctx, services, alone == "true", func(a Answer) error { return send(a) })
	})
}

func (s *Server) events(w http.ResponseWriter, r *http.Request) error {
	text, err := parameters(r, "since")
	if err != nil {
		return err
	}
	since, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return mistake("since is the number of an event, not %.100q", text)
	}
	return s.stream(w, r, func(ctx context.Context, send func(any) error) error {
		return s.project.Events(ctx, since, func(e Event) error { return send(e) })
	})
}

func (s *Server) logs(w http.ResponseWriter, r *http.Request) error {
	var q LogQuery
	if err := readBody(w, r, &q); err != nil {
		return err
	}
	if err := q.check(); err != nil {
		return err
	}
	leave, err := enter(s.readers, "are reading logs")
	if err != nil {
		return err
	}
	defer leave()
	return s.stream(w, r, func(ctx context.Context, send func(any) error) error {
		return s.project.Logs(ctx, q, func(l LogLine) error { return send(toWire(l)) })
	})
}

// enter takes one of the places, which leave gives back.
func enter(places chan struct{}, do string) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, busy(fmt.Sprintf("%d %s already", cap(places), do))
	}
}

// busy refuses a request that may be tried again later.
type busy string

func (b busy) Error() string { return string(b) }

func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	err := decodeStrict(http.MaxBytesReader(w, r.Body, maxBody), v)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return mistake("the request is larger than %d bytes", maxBody)
	case err != nil:
		return mistake("cannot read the request: %v", err)
	}
	return nil
}
