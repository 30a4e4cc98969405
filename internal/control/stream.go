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
	"time"
)

// streamBuffer is how many objects wait for a client that reads slowly. Beyond
// them whoever produces them waits; it reads a past of its own, so nobody else does.
const streamBuffer = 256

// stream sends what produce sends, one object a line, at once or, when there is
// much, many together. An error of produce is the last line; without that and
// without the end that HTTP marks, the stream was cut off.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, produce func(ctx context.Context, send func(any) error) error) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Time{})
	lines := make(chan []byte, streamBuffer)
	go func() {
		defer close(lines)
		err := produce(ctx, func(v any) error { return enqueue(ctx, lines, v) })
		if err != nil && ctx.Err() == nil {
			_ = enqueue(ctx, lines, failureOf(err))
		}
	}()
	w.Header().Set("Content-Type", typeStream)
	w.WriteHeader(http.StatusOK)
	err := rc.Flush()
	out := bufio.NewWriterSize(w, 64<<10)
	for line := range lines {
		if err == nil {
			_, err = out.Write(line)
		}
		if err == nil && len(lines) == 0 {
			err = errors.Join(out.Flush(), rc.Flush())
		}
		s.sent.Add(1)
		if err != nil {
			cancel() // and go on until produce has noticed
		}
	}
	if ctx.Err() != nil || out.Flush() != nil {
		panic(http.ErrAbortHandler) // The client must not take this for the end.
	}
	return nil
}

func enqueue(ctx context.Context, lines chan<- []byte, v any) error {
	line, err := encode(v)
	if err != nil {
		return err
	}
	select {
	case lines <- line:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// readStream gives each line of r to each, until the end, an error of each, or a
// failure that the other end tells. The bytes are each's during the call only.
func readStream(r io.Reader, each func(line []byte) error) error {
	lines := bufio.NewScanner(r)
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
