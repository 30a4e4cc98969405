//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import "path/filepath"

func newLocks(stateDir string) (locks, error) { return newFlocks(filepath.Join(stateDir, "leases")) }
