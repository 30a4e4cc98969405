//go:build !linux && !darwin && !freebsd

package handoff

import (
	"errors"
	"net"
	"os"
)

// Conn is not to be had here.
func Conn(*os.File) (*net.UnixConn, error) { return nil, errors.ErrUnsupported }

// Receive is not to be had here.
func Receive(*net.UnixConn) (m Message, f *os.File, err error) {
	return Message{}, nil, errors.ErrUnsupported
}
