//go:build !linux || portable

package ports

import "time"

// A look may run lsof here.
const (
	shortPause = 100 * time.Millisecond
	crowdPause = shortPause
	retryPause = shortPause
	longPause  = 400 * time.Millisecond
	idlePause  = 800 * time.Millisecond
)
