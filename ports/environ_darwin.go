package ports

import "golang.org/x/sys/unix"

// environ has what pid's variables were when it began, each ended by NUL, behind its
// arguments; nil where this user may not see them.
func environ(pid int) []byte {
	text, err := unix.SysctlRaw("kern.procargs2", pid)
	if err != nil || len(text) < 4 {
		return nil
	}
	return text[4:] // behind the number of arguments
}
