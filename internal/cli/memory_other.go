//go:build !linux

package cli

func unmapProgram() {}
