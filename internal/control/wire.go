package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"unicode/utf8"
)

// protocol is the number of what is spoken on the socket. It changes with whatever
// an older lhrun would misunderstand.
const protocol = 1

const (
	headerProtocol = "Lhrun-Protocol"
	headerVersion  = "Lhrun-Version"
	headerPID      = "Lhrun-Pid"
	// host is the Host of every request; a browser would send another.
	host = "lhrun"

	pathHello    = "/hello"
	pathSnapshot = "/snapshot"
	pathEvents   = "/events"
	pathLogs     = "/logs"
	pathPage     = "/page"
	pathFind     = "/find"
	pathAsk      = "/ask"
	pathHold     = "/hold"
	pathAttach   = "/attach"

	typeJSON   = "application/json"
	typeStream = "application/jsonl"
)

// introduce writes who speaks into the head of a request or an answer.
func introduce(h http.Header) {
	h.Set(headerProtocol, strconv.Itoa(protocol))
	h.Set(headerVersion, ownVersion())
	h.Set(headerPID, strconv.Itoa(os.Getpid()))
}

func ownVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// meet returns a *VersionError when h is of another protocol. theirs is false when
// h is of no lhrun at all.
func meet(h http.Header, pid int) (theirs bool, err error) {
	number := h.Get(headerProtocol)
	if number == "" {
		return false, nil
	}
	if number == strconv.Itoa(protocol) {
		return true, nil
	}
	if pid == 0 {
		pid, _ = strconv.Atoi(h.Get(headerPID))
	}
	return true, &VersionError{
		Ours:   fmt.Sprintf("%s (protocol %d)", ownVersion(), protocol),
		Theirs: fmt.Sprintf("%.100q (protocol %.20q)", h.Get(headerVersion), number),
		PID:    max(0, pid),
	}
}

// failure is an error on the wire, the whole of an answer or the end of a stream.
type failure struct {
	Error string `json:"error"`
	Kind  string `json:"kind,omitempty"`
}

const (
	kindMistake = "mistake"
	kindPort    = "port"
	kindEnded   = "ended"
)

func failureOf(err error) failure {
	f := failure{Error: err.Error()}
	var m *Mistake
	var port *PortError
	switch {
	case errors.As(err, &m):
		f.Kind = kindMistake
	case errors.As(err, &port):
		f.Kind = kindPort
	case errors.Is(err, ErrEnded):
		f.Kind = kindEnded
	}
	return f
}

// err is the error that failureOf was given, as far as it can be told.
func (f failure) err() error {
	switch f.Kind {
	case kindMistake:
		return &Mistake{f.Error}
	case kindPort:
		return &PortError{f.Error}
	case kindEnded:
		return remote{f.Error, ErrEnded}
	}
	return errors.New(f.Error)
}

// remote is another process's error, and what it is for this one.
type remote struct {
	text string
	is   error
}

func (r remote) Error() string { return r.text }
func (r remote) Unwrap() error { return r.is }

// wireLine is a LogLine. Raw is its text where JSON could not carry that.
type wireLine struct {
	LogLine
	Raw []byte `json:"raw,omitempty"`
}

func toWire(l LogLine) wireLine {
	if utf8.ValidString(l.Text) {
		return wireLine{LogLine: l}
	}
	w := wireLine{l, []byte(l.Text)}
	w.Text = ""
	return w
}

func (w wireLine) line() LogLine {
	if w.Raw != nil {
		w.Text = string(w.Raw)
	}
	return w.LogLine
}

// encode writes v on one line.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// decodeStrict reads one value, refusing unknown fields and anything behind it.
func decodeStrict(r io.Reader, v any) error {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("there is something behind the object")
		}
		return err
	}
	return nil
}
