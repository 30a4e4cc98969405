package ports

import (
	"os"
	"strconv"
)

// environ is what pid's variables were when it began, each ended by NUL; nil where this
// user may not see them.
func environ(pid int) []byte {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	return data
}
