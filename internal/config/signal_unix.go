//go:build unix

package config

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalNumber returns the signal called name, SIG included, or 0.
func signalNumber(name string) syscall.Signal { return unix.SignalNum(name) }
