package proc

import (
	"encoding/binary"
	"unsafe"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// dispositions returns what pid does about signals, a bit for each, signal 1 the lowest:
// those that it ignores, and those that it has handlers for or blocks. It reports false
// for a process that is not there.
func dispositions(pid int) (ignored, handled uint64, ok bool) {
	var at process.KinfoProc
	info, err := unix.SysctlRaw("kern.proc.pid", pid)
	if err != nil || len(info) < int(unsafe.Sizeof(at)) {
		return 0, 0, false
	}
	set := func(offset uintptr) uint64 { return binary.LittleEndian.Uint64(info[offset:]) }
	return set(unsafe.Offsetof(at.Sigignore)), set(unsafe.Offsetof(at.Sigcatch)) | set(unsafe.Offsetof(at.Sigmask)), true
}
