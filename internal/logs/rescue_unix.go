//go:build unix

package logs

import (
	"os"
	"syscall"
	"time"
)

// rescue keeps what is in r, without waiting for more.
func (l *Log) rescue(r *os.File) {
	raw, err := r.SyscallConn()
	if err != nil {
		return // It is closed, so it was read to its end.
	}
	l.pipes.taking.Lock()
	defer l.pipes.taking.Unlock()
	buf := make([]byte, chunkSize)
	for left := drainLimit; left > 0; {
		n := 0
		err := raw.Control(func(fd uintptr) {
			if err = syscall.SetNonblock(int(fd), true); err == nil {
				n, err = syscall.Read(int(fd), buf)
			}
		})
		if err != nil || n <= 0 {
			return
		}
		_ = l.append(time.Now(), buf[:n]) // The log tells what it lacks.
		left -= n
	}
}
