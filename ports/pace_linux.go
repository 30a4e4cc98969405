//go:build !portable

package ports

import "time"

// A look costs a tenth of a millisecond here.
const (
	shortPause = time.Millisecond
	crowdPause = 4 * shortPause
	retryPause = 5 * time.Millisecond
	longPause  = 50 * time.Millisecond
	idlePause  = 750 * time.Millisecond
)
