package watch

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// limit explains an error that is one of inotify's limits, and else is otherwise.
func limit(err error, otherwise string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return limitText("more directories", "max_user_watches", 524288) +
			", let git ignore large directories, or watch less"
	case errors.Is(err, syscall.EMFILE):
		return limitText("files", "max_user_instances", 1024) + ", or end other programs that watch files"
	}
	return otherwise
}

func limitText(what, name string, more int) string {
	now := ""
	if data, err := os.ReadFile("/proc/sys/fs/inotify/" + name); err == nil {
		now = strings.TrimSpace(string(data))
		if n, err := strconv.Atoi(now); err == nil {
			more = max(more, 2*n)
		}
		now = " (" + now + ")"
	}
	return fmt.Sprintf("cannot watch %s: the limit fs.inotify.%s%s is reached; raise it with \"sudo sysctl fs.inotify.%s=%d\"",
		what, name, now, name, more)
}
