//go:build !portable

package proc

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// ticksPerSecond is USER_HZ, which Linux shows to programs on all its machines
// that Go runs on.
const ticksPerSecond = 100

// Usage is what processes use together: their processor time, with that of
// children that have ended, and their resident memory in bytes, where what they
// share counts for each. Those that are gone count nothing.
func Usage(pids []int) (cpu time.Duration, memory int64) {
	page := int64(os.Getpagesize())
	var buf [1024]byte
	for _, pid := range pids {
		b, ok := slurp("/proc/"+strconv.Itoa(pid)+"/stat", buf[:])
		if !ok {
			continue
		}
		ticks, pages := parseUsage(b)
		cpu += time.Duration(ticks) * time.Second / ticksPerSecond
		memory += pages * page
	}
	return cpu, memory
}

// parseUsage takes utime, stime, cutime, cstime and rss from /proc/PID/stat.
func parseUsage(b []byte) (ticks, pages int64) {
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 22 {
		return 0, 0
	}
	for _, f := range fields[11:15] {
		n, _ := strconv.ParseInt(string(f), 10, 64)
		ticks += max(0, n)
	}
	pages, _ = strconv.ParseInt(string(fields[21]), 10, 64)
	return ticks, max(0, pages)
}
