//go:build !unix

package logs

import "os"

// openPlain opens a file of this user's.
func openPlain(path string, flags int) (*os.File, error) { return os.OpenFile(path, flags, 0o600) }

// lockFile opens the file; there is no lock here.
func lockFile(path string) (*os.File, error) { return openPlain(path, os.O_RDWR|os.O_CREATE) }
