package proc

import (
	"bytes"
	"os"
	"strconv"
	"syscall"
)

// MissedSignal reports whether pid lives although sig would have ended it, so that it
// cannot have got sig.
func MissedSignal(pid int, sig syscall.Signal) bool {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil || bytes.Contains(status, []byte("\nState:\tZ")) {
		return false
	}
	for _, set := range []string{"\nSigCgt:\t", "\nSigIgn:\t", "\nSigBlk:\t"} {
		_, after, _ := bytes.Cut(status, []byte(set))
		text, _, _ := bytes.Cut(after, []byte("\n"))
		signals, _ := strconv.ParseUint(string(text), 16, 64)
		if signals>>(sig-1)&1 != 0 {
			return false
		}
	}
	return true
}
