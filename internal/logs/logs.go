// Package logs carries what services write: from their pipes, whole line by
// whole line, to a bounded store on disk and to a console or JSON sink.
//
// A Stream reads one service's pipe in chunks. The raw bytes go to the store at
// once; blocks of whole lines go to the Sink, which may slow the reader. Store.Merge and
// Store.FollowAll read from disk with a cursor of their own and so slow nobody.
//
// A line is what a terminal shows of it in the end. The bytes of a program that draws over
// its own text stay as they were written; Console, Pattern and Excerpt make the line of
// them when it is shown, searched or quoted.
package logs

import (
	"bytes"
	"time"
)

// Sink takes output. One goroutine at a time calls it for each service, several do for
// several services. The bytes belong to the caller again when a call returns.
type Sink interface {
	// Lines takes one or more whole lines, each ended by '\n'. A line over 64 KiB
	// comes in pieces, each as a block of its own. Bytes are as the service wrote
	// them: escapes and a '\r' before the '\n' included.
	Lines(service string, at time.Time, block []byte) error
	// Preview takes the beginning of a line whose end is late: a prompt, or a progress
	// bar. It may come again, longer, or without what it has itself overwritten. The
	// whole line follows through Lines. at is when its last byte came.
	Preview(service string, at time.Time, text []byte) error
}

const (
	// chunkSize is how much one read takes at most.
	chunkSize = 64 << 10
	// maxLine is how much of a line without an end is held back.
	maxLine = 64 << 10
	// previewAfter is how long a line may be unfinished before Preview gets it.
	previewAfter = 250 * time.Millisecond
	// redrawEvery is the same for a line that is known to be redrawn.
	redrawEvery = 50 * time.Millisecond
)

// whole returns block with a newline at its end, which some callers leave out.
func whole(block []byte) []byte {
	if bytes.HasSuffix(block, []byte{'\n'}) {
		return block
	}
	return append(block[:len(block):len(block)], '\n')
}
