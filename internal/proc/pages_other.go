//go:build !linux

package proc

// ReleaseProgram does nothing here.
func ReleaseProgram() {}
