//go:build !linux

package run

func unmapProgram() {}
