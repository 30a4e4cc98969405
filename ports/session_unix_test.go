//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import "syscall"

func newSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func becomeUser(uid int) error { return syscall.Setuid(uid) }

func fileLocks(dir string) (locks, error) { return newFlocks(dir) }
