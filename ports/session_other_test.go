//go:build !unix

package ports

import "syscall"

func newSession() *syscall.SysProcAttr { return nil }
