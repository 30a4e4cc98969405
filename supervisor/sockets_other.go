//go:build !unix

package supervisor

import "os"

// listens cannot be asked here, and nothing is started here either.
func listens(*os.File) bool { return true }
