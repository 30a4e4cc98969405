//go:build !linux || portable

package cli

import (
	"runtime"
)

// kernel says what this system lacks.
func (d doctor) kernel() {
	d.ok("kernel", "%s: a process that daemonises itself is found by group and mark only", runtime.GOOS)
}

func (d doctor) processLimit() {}
func (d doctor) systemLimits() {}
