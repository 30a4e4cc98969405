package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// errCut says that a stream was cut off before its end.
var errCut = errors.New("the stream was cut off")

// stream sends what produce sends, one object a line, at once or, when there is
// much, many together. An error of produce is the last line; without that and
// without the end that HTTP marks, the stream was cut off.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, produce func(ctx context.Context, send func(any) error) error) error {
	leave, err := enter(s.streams, "streams are open")
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	out := newOutbox()
	go func() {
		defer out.close()
		err := guarded(func() error {
			return produce(ctx, func(v any) error { return out.put(ctx, v) })
		})
		if err != nil && ctx.Err() == nil {
			_ = out.put(ctx, failureOf(err))
		}
	}()
	w.Header().Set("Content-Type", typeStream)
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	err = rc.Flush()
	for lines := range out.batches() {
		if err == nil {
			_, err = w.Write(lines)
		}
		if err == nil {
			err = rc.Flush()
		}
		if err != nil {
			cancel() // and go on until produce has noticed
		}
		s.sent.Add(1)
	}
	if ctx.Err() != nil {
		return errCut
	}
	return nil
}

// guarded makes an error of a panic: a bug here must not be the end of the services.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error (please report): %v", p)
		}
	}()
	return f()
}

// readStream gives each line of r to each, until the end, an error of each, or a
// failure that the other end tells. The bytes are each's during the call only.
func readStream(r io.Reader, each func(line []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Split(wholeLine)
	lines.Buffer(make([]byte, 0, 16<<10), maxLine)
	for lines.Scan() {
		line := lines.Bytes()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if bytes.HasPrefix(line, []byte(`{"error":`)) {
			var f failure
			if err := json.Unmarshal(line, &f); err != nil {
				return fmt.Errorf("cannot understand the running lhrun: %w", err)
			}
			return f.err()
		}
		if err := each(line); err != nil {
			return err
		}
	}
	return lines.Err()
}

// wholeLine splits lines. One without its end is what a dying lhrun leaves.
func wholeLine(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}
