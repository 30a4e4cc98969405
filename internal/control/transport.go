package control

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// isTransport tells errors of the connection from those of what it carries.
func isTransport(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.As(err, &op)
}
