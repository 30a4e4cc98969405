package run

const (
	waitStop   = 8    // WSTOPPED
	waitNoReap = 0x20 // WNOWAIT
)
