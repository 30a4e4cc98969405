package ports

import "time"

// A look costs a tenth of a millisecond here.
const (
	shortPause = 2 * time.Millisecond
	retryPause = 5 * time.Millisecond
	longPause  = 50 * time.Millisecond
	idlePause  = 500 * time.Millisecond
)
