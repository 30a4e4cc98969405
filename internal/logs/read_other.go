//go:build !unix

package logs

import (
	"errors"
	"io"
	"os"
)

// readChunks gives c what r holds, until its end, its deadline or its closing.
func readChunks(r *os.File, c *copier) error {
	buf := make([]byte, maxLine+chunkSize+1)
	for {
		have := copy(buf, c.pending())
		n, err := r.Read(buf[have : have+chunkSize])
		if n > 0 {
			c.take() // Where nothing is rescued it need not come before.
			c.took(buf[:have+n], n)
		}
		switch {
		case err == io.EOF, errors.Is(err, os.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return err
		}
	}
}
