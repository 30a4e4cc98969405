//go:build !portable

package probe

import (
	"syscall"
)

// MaxSocketPath is what sockaddr_un holds besides its final NUL.
const MaxSocketPath = 107

// controlSize holds a sender's credentials and not one byte more: descriptors
// that come along (FDSTORE, BARRIER) find no room and are closed by the kernel,
// which is what the sender of a barrier waits for.
const controlSize = syscall.SizeofCmsghdr + (syscall.SizeofUcred+7)&^7

// askForSender makes the kernel name the sender of each datagram. It is set
// before bind, so that none comes without.
func askForSender(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_PASSCRED, 1)
	})
	if err != nil {
		return err
	}
	return failed
}

// isOwn judges a datagram by its sender, which is 0 where the kernel names none.
func isOwn(control []byte, own func(pid int) bool) (sender int, ok bool) {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if cred, err := syscall.ParseUnixCredentials(&m); err == nil {
			sender = int(cred.Pid)
			return sender, sender > 0 && own(sender)
		}
	}
	return 0, false
}
