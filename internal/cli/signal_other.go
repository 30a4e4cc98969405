//go:build !unix

package cli

import "os"

func resizes(os.Signal) bool    { return false }
func interrupts(os.Signal) bool { return true }
