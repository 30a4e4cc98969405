//go:build unix && !linux

package logs

func widen(uintptr) bool { return false }
func narrowed()          {}

func readerOf(uintptr) func(fd uintptr, b []byte) (int, error) { return read }
