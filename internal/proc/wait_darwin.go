package proc

import "golang.org/x/sys/unix"

// macOS tells the status only when asked to.
const noteExit = unix.NOTE_EXIT | unix.NOTE_EXITSTATUS
