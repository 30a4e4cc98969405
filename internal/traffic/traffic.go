// Package traffic keeps the exchanges that decoders have told, in a bounded memory, and
// hands them to whoever asks: rows of a list, one whole, a stream of what comes.
//
// What is secret is taken out here, before anything leaves (Mask), so that no view or
// export has to think of it.
package traffic

import (
	"time"

	"github.com/lhrun/lhrun/internal/decode"
)

// An Edge is one caller of one service.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Port is the name of the service's port; "" is its main one.
	Port string `json:"port,omitempty"`
}

// String is the edge as people name it: "web -> api".
func (e Edge) String() string { return e.From + " -> " + e.To }

// An Entry is one exchange as it is kept.
type Entry struct {
	// ID counts all exchanges of a Store from 1 on, in the order in which they were first seen.
	ID uint64
	Edge
	// Fault names the fault that was done to it; "" for none.
	Fault string
	decode.Exchange
	// Up and Down say what has become of the bodies.
	Up, Down Form
}

// A Form says how a body in an Entry differs from the bytes that were kept.
type Form string

// The forms. A body is decompressed to find what is secret in it, and withheld where that
// is impossible.
const (
	AsCame       Form = ""
	Decompressed Form = "decompressed"
	Withheld     Form = "withheld"
)

// Pending reports whether more of the exchange may come.
func (e *Entry) Pending() bool { return e.Ended.IsZero() }

// Elapsed is how long the exchange took, or takes until now.
func (e *Entry) Elapsed(now time.Time) time.Duration {
	if !e.Ended.IsZero() {
		now = e.Ended
	}
	return max(0, now.Sub(e.Began))
}

// A Row is an Entry in a line of "traffic --json", and on the wire.
type Row struct {
	ID       uint64    `json:"id"`
	Time     time.Time `json:"time"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Protocol string    `json:"protocol"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Status   string    `json:"status"`
	// MS is nil while the exchange is pending.
	MS        *float64 `json:"ms"`
	BytesUp   int64    `json:"bytes_up"`
	BytesDown int64    `json:"bytes_down"`
	// Error is why the exchange failed, or is not known to its end.
	Error string `json:"error"`
	Fault string `json:"fault"`
}

// Edge is the edge of the row.
func (r Row) Edge() Edge { return Edge{From: r.From, To: r.To} }

// Failed reports whether the call has not gone well.
func (r Row) Failed() bool { return r.Error != "" }

// row makes the line of an entry that was masked.
func (e *Entry) row() Row {
	r := Row{
		ID: e.ID, Time: e.Began, From: e.From, To: e.To, Protocol: string(e.Protocol),
		Method: e.Method, Path: e.Path, Status: e.Status,
		BytesUp: e.Request.Wire, BytesDown: e.Response.Wire, Error: e.reason(), Fault: e.Fault,
	}
	if !e.Pending() {
		ms := float64(e.Elapsed(e.Ended).Microseconds()) / 1000
		r.MS = &ms
	}
	return r
}

// reason is what went wrong, in a line; "" where nothing did.
func (e *Entry) reason() string {
	switch {
	case e.Trouble != "":
		return e.Trouble
	case !e.Failed:
		return ""
	}
	for _, f := range e.Response.Fields { // PostgreSQL's message has a name of its own.
		if f.Name == "message" {
			return f.Value
		}
	}
	return e.Status
}
