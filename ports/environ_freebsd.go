package ports

import "golang.org/x/sys/unix"

// environ is what pid's variables were when it began, each ended by NUL; nil where this
// user may not see them.
func environ(pid int) []byte {
	text, _ := unix.SysctlRaw("kern.proc.env", pid)
	return text
}
