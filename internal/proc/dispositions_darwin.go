package proc

import "golang.org/x/sys/unix"

// dispositions returns what pid does about signals, a bit for each, signal 1 the lowest:
// those that it ignores, and those that it has handlers for. It reports false for a
// process that is not there.
func dispositions(pid int) (ignored, handled uint64, ok bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil || int(info.Proc.P_pid) != pid {
		return 0, 0, false
	}
	return uint64(info.Proc.P_sigignore), uint64(info.Proc.P_sigcatch), true
}
