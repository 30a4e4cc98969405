package control

import (
	"fmt"
	"net"
	"os"
)

// checkPeer refuses a connection with another user, root included: who is root can
// become the user, and whoever forgets that he is should be told. It returns the
// peer's pid, 0 where that is not known.
func checkPeer(conn *net.UnixConn) (pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, err
	}
	var uid int
	var perr error
	if err := raw.Control(func(fd uintptr) { uid, pid, perr = peerOf(int(fd)) }); err != nil {
		return 0, err
	}
	if perr != nil {
		return 0, fmt.Errorf("cannot tell who is at the other end: %w", perr)
	}
	if uid != os.Geteuid() {
		return 0, fmt.Errorf("the other end belongs to user %d, not to you (user %d)", uid, os.Geteuid())
	}
	return pid, nil
}
