//go:build !portable

package control

import "golang.org/x/sys/unix"

// peerOf tells who is at the other end; pid 0 is in another pid namespace.
func peerOf(fd int) (uid, pid int, err error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, 0, err
	}
	return int(cred.Uid), int(cred.Pid), nil
}
