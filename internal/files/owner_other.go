//go:build !unix

package files

import (
	"io/fs"
	"os"
)

// CheckOwner knows no owners here.
func CheckOwner(string, fs.FileInfo) error { return nil }

// keepOwner does nothing: files inherit their owner from the directory here.
func keepOwner(*os.File, fs.FileInfo) {}

// DirID is "": directories have no numbers here.
func DirID(string) string { return "" }
