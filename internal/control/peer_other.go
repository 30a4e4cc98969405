//go:build !linux && !darwin && !freebsd

package control

import "os"

// peerOf can't tell here: the directory's mode is the only guard.
func peerOf(int) (uid, pid int, err error) { return os.Geteuid(), 0, nil }
