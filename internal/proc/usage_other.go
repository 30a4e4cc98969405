//go:build !linux || portable

package proc

import (
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Usage is what processes use together: their processor time and their resident
// memory in bytes, where what they share counts for each. Those that are gone
// count nothing.
func Usage(pids []int) (cpu time.Duration, memory int64) {
	for _, pid := range pids {
		p := process.Process{Pid: int32(pid)}
		if t, err := p.Times(); err == nil {
			cpu += time.Duration((t.User + t.System) * float64(time.Second))
		}
		if m, err := p.MemoryInfo(); err == nil {
			memory += int64(m.RSS)
		}
	}
	return cpu, memory
}
