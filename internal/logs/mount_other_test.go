//go:build !linux

package logs

import "testing"

func mountSmall(t *testing.T, _ string) { t.Skip("no small file system to be had here") }

func makeReadOnly(t *testing.T, dir string) { t.Skip("no tmpfs here") }
