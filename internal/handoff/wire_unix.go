//go:build linux || darwin || freebsd

package handoff

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// largest is the size of a message in bytes; thousands of edges fit.
const largest = 16 << 20

// Pair returns the two ends. The relay gets the second as its standard input.
func Pair() (run *net.UnixConn, relay *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
	}
	relay = os.NewFile(uintptr(fds[1]), "relay")
	mine := os.NewFile(uintptr(fds[0]), "run")
	defer mine.Close()
	run, err = Conn(mine)
	if err != nil {
		relay.Close()
		return nil, nil, err
	}
	return run, relay, nil
}

// Conn makes a connection of an end.
func Conn(f *os.File) (*net.UnixConn, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("not a unix socket")
	}
	return u, nil
}

// Send hands m over, and f with a Socket; else f is nil.
func Send(c *net.UnixConn, m Message, f *os.File) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	data := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	if f == nil {
		_, err = c.Write(data)
		return err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	n := 0
	// The descriptor stays open meanwhile, and as it is: Fd would make it block.
	errFD := raw.Control(func(fd uintptr) { n, _, err = c.WriteMsgUnix(data, unix.UnixRights(int(fd)), nil) })
	if err == nil && errFD == nil && n < len(data) {
		_, err = c.Write(data[n:])
	}
	return errors.Join(errFD, err)
}

// Receive returns the next message, and the file of a Socket. The error is io.EOF when
// the other end is gone.
func Receive(c *net.UnixConn) (m Message, f *os.File, err error) {
	head := make([]byte, 4)
	oob := make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := c.ReadMsgUnix(head, oob)
	if n == 0 && err == nil {
		err = io.EOF
	}
	if err == nil && oobn > 0 {
		f, err = received(oob[:oobn])
	}
	if err == nil {
		_, err = io.ReadFull(c, head[n:])
	}
	if err == nil {
		err = receiveText(c, binary.BigEndian.Uint32(head), &m)
	}
	if err == nil && (m.Socket != nil) != (f != nil) {
		err = errors.New("a socket and its descriptor do not come together")
	}
	if err != nil && f != nil {
		f.Close()
		f = nil
	}
	return m, f, err
}

func receiveText(from io.Reader, size uint32, m *Message) error {
	if size > largest {
		return fmt.Errorf("a message of %d bytes is too long", size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(from, text); err != nil {
		return err
	}
	return json.Unmarshal(text, m)
}

// received takes the one descriptor that oob has.
func received(oob []byte) (*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(messages) != 1 {
		return nil, fmt.Errorf("no descriptor came: %w", err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil, fmt.Errorf("no descriptor came: %w", err)
	}
	unix.CloseOnExec(fds[0])
	_ = unix.SetNonblock(fds[0], true)
	return os.NewFile(uintptr(fds[0]), "socket"), nil
}
