//go:build !portable

package ports

import (
	"fmt"
	"os"
	"strconv"
)

// CheckProc returns why /proc cannot be used: it is missing, or that of another pid
// namespace, where a number is another process. Nobody may be named or ended by it.
func CheckProc() error {
	const hint = "mount the /proc of this pid namespace (unshare --mount-proc)"
	shown, err := os.Readlink("/proc/self")
	switch me := strconv.Itoa(os.Getpid()); {
	case err != nil:
		return fmt.Errorf("cannot find this process in /proc: %w: %s", err, hint)
	case shown != me:
		return fmt.Errorf("/proc is that of another pid namespace: this process is %s there and %s here: %s", shown, me, hint)
	}
	return nil
}
