//go:build !unix

package dotenv

import (
	"io/fs"
	"os"
)

// keepOwner: files inherit their owner from the directory here.
func keepOwner(*os.File, fs.FileInfo) {}
