package traffic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"
)

const (
	// mostQuery bounds what a reader may ask, mostHead the head of its request, in bytes.
	mostQuery = 256 << 10
	mostHead  = 16 << 10
	// headTime is for the head of a request, stallTime for a line to go to its reader.
	headTime  = 5 * time.Second
	stallTime = 10 * time.Second
	// mostReaders are served at once.
	mostReaders = 64
)

// line is one line of a list: a row, or the word with which the list breaks off.
type line struct {
	Row *Row   `json:"row,omitempty"`
	End string `json:"end,omitempty"`
}

// problem is a refusal. Flag is that of a QueryError.
type problem struct {
	Error string `json:"error"`
	Flag  string `json:"flag,omitempty"`
}

// Serve answers Clients on l until ctx has ended, and closes l. Whoever can connect may
// read everything.
func Serve(ctx context.Context, l net.Listener, s *Store) error {
	server := &http.Server{
		Handler:           handler(s),
		ReadHeaderTimeout: headTime,
		ReadTimeout:       2 * headTime,
		IdleTimeout:       headTime,
		MaxHeaderBytes:    mostHead,
		ErrorLog:          log.New(io.Discard, "", 0), // Stderr is the services' stream.
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(l)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func handler(s *Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /list", func(w http.ResponseWriter, r *http.Request) { serveList(w, r, s) })
	mux.HandleFunc("GET /show", func(w http.ResponseWriter, r *http.Request) { serveShow(w, r, s) })
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.Stats()) })
	mux.HandleFunc("POST /clear", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.Clear()) })
	readers := make(chan struct{}, mostReaders)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case readers <- struct{}{}:
			defer func() { <-readers }()
			mux.ServeHTTP(w, r)
		default:
			answer(w, http.StatusServiceUnavailable, problem{Error: fmt.Sprintf("cannot answer: %d others are being answered", mostReaders)})
		}
	})
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(stallTime))
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // Whoever has gone needs none.
}

func refuse(w http.ResponseWriter, code int, err error) {
	p := problem{Error: err.Error()}
	if wrong, ok := errors.AsType[*QueryError](err); ok {
		p = problem{Error: wrong.Err.Error(), Flag: wrong.Flag}
	}
	answer(w, code, p)
}

func serveList(w http.ResponseWriter, r *http.Request, s *Store) {
	var q Query
	// Only behind its end does the server notice that the reader has gone.
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostQuery))
	if err == nil {
		err = json.Unmarshal(body, &q)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("cannot read the query: %w", err))
		return
	}
	if err := q.Check(); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // Past it the server takes the reader for gone.
	enc := json.NewEncoder(w)
	write := func(l line) error {
		_ = control.SetWriteDeadline(time.Now().Add(stallTime))
		err := enc.Encode(l)
		if err == nil && q.Follow {
			err = control.Flush()
		}
		return err
	}
	_ = control.Flush()
	read := s.List
	if q.Follow {
		read = s.Follow
	}
	if err := read(r.Context(), q, func(row Row) error { return write(line{Row: &row}) }); err != nil {
		_ = write(line{End: err.Error()}) // Where the reader has gone, nobody hears it.
	}
}

func serveShow(w http.ResponseWriter, r *http.Request, s *Store) {
	id, err := strconv.ParseUint(r.FormValue("id"), 10, 64)
	if err != nil {
		refuse(w, http.StatusBadRequest, errors.New("cannot show a call without a number"))
		return
	}
	e, ok := s.Get(id)
	if !ok {
		refuse(w, http.StatusNotFound, s.absent(id))
		return
	}
	if r.FormValue("reveal") != "true" {
		e = s.masking().Entry(e)
	}
	answer(w, http.StatusOK, e)
}

// absent says why there is no entry of a number.
func (s *Store) absent(id uint64) error {
	from, to := s.bounds()
	switch {
	case id >= from:
		return fmt.Errorf("there is no call %d; the last one is %d", id, to-1)
	case from == to:
		return fmt.Errorf("call %d is not kept any more, and no other is", id)
	}
	return fmt.Errorf("call %d is not kept any more; the oldest is %d: inspect.memory says how much is kept", id, from)
}
