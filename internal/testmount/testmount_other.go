//go:build !linux

package testmount

import (
	"os"
	"testing"
)

// Small skips the test.
func Small(t testing.TB, _ string) {
	t.Helper()
	t.Skip("no small file system to be had here")
}

// ReadOnly skips the test.
func ReadOnly(t testing.TB, _ string) {
	t.Helper()
	t.Skip("there is nothing to make read-only here")
}

// Exec is not possible.
func Exec(string, []string) { os.Exit(Impossible) }
