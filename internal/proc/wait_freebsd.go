package proc

import "golang.org/x/sys/unix"

const noteExit = unix.NOTE_EXIT
