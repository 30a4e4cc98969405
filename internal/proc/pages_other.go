//go:build !linux || portable

package proc

// ReleaseProgram does nothing here.
func ReleaseProgram() {}
