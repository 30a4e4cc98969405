//go:build !portable

package proc

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ReleaseProgram gives the pages of this program's file back: only a start needs most of
// them. The kernel brings those that are needed again back from its cache. Elsewhere than
// on Linux it does nothing.
func ReleaseProgram() {
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if start, size, ok := parseMapping(lines.Text(), path); ok {
			unix.RawSyscall(unix.SYS_MADVISE, start, size, unix.MADV_DONTNEED)
		}
	}
}

// parseMapping reads "START-END PERMISSIONS OFFSET DEVICE INODE PATH" of what is path's
// and cannot have been written to, so that nothing is lost with it.
func parseMapping(line, path string) (start, size uintptr, ok bool) {
	head, name, _ := strings.Cut(line, "/")
	f := strings.Fields(head)
	if len(f) != 5 || "/"+name != path || len(f[1]) < 2 || f[1][0] != 'r' || f[1][1] != '-' {
		return 0, 0, false
	}
	from, to, _ := strings.Cut(f[0], "-")
	a, err := strconv.ParseUint(from, 16, strconv.IntSize)
	b, err2 := strconv.ParseUint(to, 16, strconv.IntSize)
	return uintptr(a), uintptr(b - a), err == nil && err2 == nil && a < b
}
