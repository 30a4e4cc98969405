package run

const (
	waitStop   = 2         // WSTOPPED
	waitNoReap = 0x1000000 // WNOWAIT
)
