//go:build unix

package main

import (
	"strconv"
	"syscall"
)

// block is how much one write takes, as with C's stdio into a pipe: it ends in
// the midst of a line.
const block = 4096

// flood writes lines of size bytes, newline included: "NAME.NUMBERxxx;".
func flood(name string, lines, size int) {
	buf := make([]byte, 0, block+size)
	for i := range lines {
		start := len(buf)
		buf = append(append(buf, name...), '.')
		buf = strconv.AppendInt(buf, int64(i), 10)
		for len(buf)-start < size-2 {
			buf = append(buf, 'x')
		}
		buf = append(buf, ';', '\n')
		for len(buf) >= block {
			write(buf[:block])
			buf = buf[:copy(buf, buf[block:])]
		}
	}
	write(buf)
}

// tick writes the time, every so many milliseconds.
func tick(hub int, name string, every int) {
	patience(hub, every)
	for {
		if !wait(hub) {
			write([]byte(name + "." + strconv.FormatInt(now(), 10) + ";\n"))
		}
	}
}

func write(b []byte) {
	for len(b) > 0 {
		n, err := syscall.Write(1, b)
		if err != syscall.EINTR {
			check(err)
		}
		b = b[max(n, 0):]
	}
}
