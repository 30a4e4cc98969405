package proc

import (
	"bytes"
	"os"
	"strconv"
)

// dispositions returns what pid does about signals, a bit for each, signal 1 the lowest:
// those that it ignores, and those that it has handlers for or blocks. It reports false
// for a process that is not there.
func dispositions(pid int) (ignored, handled uint64, ok bool) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	set := func(name string) uint64 {
		_, after, _ := bytes.Cut(status, []byte("\n"+name+":\t"))
		text, _, _ := bytes.Cut(after, []byte("\n"))
		mask, _ := strconv.ParseUint(string(text), 16, 64)
		return mask
	}
	return set("SigIgn"), set("SigCgt") | set("SigBlk"), err == nil
}
