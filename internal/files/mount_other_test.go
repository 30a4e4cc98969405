//go:build !linux

package files

import "testing"

func mountSmall(t *testing.T, _ string) { t.Skip("no small file system to be had here") }

func mountReadOnly(t *testing.T, _ string) {
	t.Helper()
	t.Skip("there is nothing to make read-only here")
}
