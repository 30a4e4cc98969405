//go:build darwin || freebsd || (linux && portable)

package proc

func isStopped(pid int) bool {
	s, ok := readStat(pid)
	return ok && s.stopped
}

// playFew is for systems where looks at processes need descriptors.
func playFew([]string) {}
