package watch

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// limit explains an error that is one of inotify's limits, and else is otherwise.
func limit(err error, otherwise string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return limitText("directories", "max_user_watches", 524288) +
			", let git ignore large directories, or watch less"
	case errors.Is(err, syscall.EMFILE):
		return limitText("for files", "max_user_instances", 1024) + ", or end other programs that watch files"
	}
	return otherwise
}

func limitText(what, name string, more int) string {
	now := ""
	if data, err := os.ReadFile("/proc/sys/fs/inotify/" + name); err == nil {
		now = " (" + strings.TrimSpace(string(data)) + ")"
	}
	return fmt.Sprintf("cannot watch more %s: the limit fs.inotify.%s%s is reached; raise it with \"sudo sysctl fs.inotify.%s=%d\"",
		what, name, now, name, more)
}
