//go:build darwin || freebsd || netbsd || openbsd || dragonfly || (linux && portable)

package ports

import "path/filepath"

func newLocks(stateDir string) (locks, error) { return newFlocks(filepath.Join(stateDir, "leases")) }
