//go:build !unix

package cli

import "io/fs"

func writable(string) bool       { return true }
func ownedByMe(fs.FileInfo) bool { return true }

func (d doctor) disk(string, string) {}
func (d doctor) limits()             {}
