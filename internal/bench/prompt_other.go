//go:build !linux

package main

import "os"

func prompt(*os.File) {}
