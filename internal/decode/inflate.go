package decode

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"strings"
)

// mostInflated bounds, in bodies, what one message may be inflated to before it is given
// up: a bomb costs time, never memory.
const mostInflated = 64

// wsWindow is how far back a message may point to what came before it.
const wsWindow = 32 << 10

// wsDeflate reads messages of permessage-deflate (RFC 7692).
type wsDeflate struct {
	// takeover says that a direction's messages point into those before.
	takeover [2]bool
	windows  [2][]byte
	reader   io.ReadCloser
	scratch  []byte
}

// newWSDeflate reads what the service answered to the extensions that it was offered; it
// is nil where messages are not compressed.
func newWSDeflate(extensions string) *wsDeflate {
	extensions = strings.ToLower(extensions)
	if !strings.Contains(extensions, "permessage-deflate") {
		return nil
	}
	return &wsDeflate{takeover: [2]bool{
		Up:   !strings.Contains(extensions, "client_no_context_takeover"),
		Down: !strings.Contains(extensions, "server_no_context_takeover"),
	}}
}

// inflate returns the first limit bytes of a message, and its size.
func (d *wsDeflate) inflate(dir Direction, packed []byte, limit int) ([]byte, int64, bool) {
	// The sender cut off 00 00 ff ff; the block behind it ends the stream.
	source := io.MultiReader(bytes.NewReader(packed), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
	if d.reader == nil {
		d.reader = flate.NewReaderDict(source, d.windows[dir])
		d.scratch = make([]byte, 8<<10)
	} else if err := d.reader.(flate.Resetter).Reset(source, d.windows[dir]); err != nil {
		return nil, 0, false
	}
	var window *[]byte
	if d.takeover[dir] {
		window = &d.windows[dir]
	}
	return inflated(d.reader, d.scratch, limit, window)
}

// inflated reads r to its end. Window, where there is one, gets the last bytes.
func inflated(r io.Reader, scratch []byte, limit int, window *[]byte) (data []byte, size int64, ok bool) {
	for {
		n, err := r.Read(scratch)
		p := scratch[:n]
		size += int64(n)
		data = append(data, p[:min(n, limit-len(data))]...)
		if window != nil {
			*window = append(*window, p...)
			if over := len(*window) - wsWindow; over > wsWindow {
				*window = append((*window)[:0], (*window)[over:]...)
			}
		}
		switch {
		case err == io.EOF:
			if window != nil && len(*window) > wsWindow {
				*window = append((*window)[:0], (*window)[len(*window)-wsWindow:]...)
			}
			return data, size, true
		case err != nil || size > mostInflated*int64(limit):
			return data, size, false
		}
	}
}

// gunzip returns the first limit bytes of what packed holds, and its size.
func gunzip(packed []byte, limit int) ([]byte, int64, bool) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, 0, false
	}
	return inflated(r, make([]byte, 4<<10), limit, nil)
}
