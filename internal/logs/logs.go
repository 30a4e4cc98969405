// Package logs carries what services write: from their pipes, whole line by
// whole line, to a bounded store on disk and to a console or JSON sink.
//
// A Stream reads one service's pipe in chunks. The raw bytes go to the store at
// once; blocks of whole lines go to the Sink, which slows the reader when it
// must. Whoever reads later (Store.Merge, Store.FollowAll) reads from disk with a
// cursor of its own and so slows nobody.
package logs

import (
	"bytes"
	"time"
)

// Sink takes output. Its methods are called from one goroutine a service, from
// several at once for several services; the bytes are the caller's again when a
// call returns.
type Sink interface {
	// Lines takes one or more whole lines, each ended by '\n'. A line over 64 KiB
	// comes in pieces, each as a block of its own. Bytes are as the service wrote
	// them: escapes and a '\r' before the '\n' included.
	Lines(service string, at time.Time, block []byte) error
	// Preview takes the beginning of a line whose end has not come for a while: a
	// prompt, or a bar. It may come again, longer, or without what it has itself
	// written over; the whole line follows through Lines. at is when its last byte came.
	Preview(service string, at time.Time, text []byte) error
}

const (
	// chunkSize is how much one read takes at most.
	chunkSize = 64 << 10
	// maxLine is how much of a line is held back while its end is awaited.
	maxLine = 64 << 10
	// previewAfter is the patience with a line that does not end.
	previewAfter = 250 * time.Millisecond
	// redrawEvery is the patience with one that is redrawn, once that is known.
	redrawEvery = 50 * time.Millisecond
)

// whole returns block with a newline at its end, for callers who forgot it.
func whole(block []byte) []byte {
	if bytes.HasSuffix(block, []byte{'\n'}) {
		return block
	}
	return append(block[:len(block):len(block)], '\n')
}
