//go:build darwin || freebsd

package proc

import "time"

// startOf makes an ID's number of a start time; microseconds fit 53 bits.
func startOf(t time.Time) uint64 { return uint64(t.UnixMicro()) }
