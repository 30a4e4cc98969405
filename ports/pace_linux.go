package ports

import "time"

// A look costs a tenth of a millisecond here.
const (
	shortPause = 5 * time.Millisecond
	longPause  = 50 * time.Millisecond
	idlePause  = 500 * time.Millisecond
)
