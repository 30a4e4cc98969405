//go:build !portable

package proc

import "golang.org/x/sys/unix"

// A program's table of descriptors grows by doubling. Where threads share the table, as
// they always do in Go, the kernel waits each time until no thread can be using the old
// one: some 10 ms in which nothing is opened and nothing started. Fifty services waited
// three times, a tenth of their start.

// headroom is how many descriptors the supervisor's table holds from the start: enough
// for some two hundred services.
const headroom = 1024

// withHeadroom adds the last descriptor of a table of that size to those that a child
// begins with. A child that still has a single thread does not wait for the growth.
func withHeadroom(files []uintptr) []uintptr {
	var limit unix.Rlimit
	// Starting a child takes some descriptors beyond its own.
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*headroom {
		return files
	}
	last := files[len(files)-1]
	for len(files) < headroom-1 {
		files = append(files, ^uintptr(0))
	}
	return append(files, last)
}

// dropHeadroom closes the descriptor that withHeadroom added in the guard, if it did.
func dropHeadroom(inode uint64) {
	if got, ok := socketInode(headroom - 1); ok && got == inode {
		unix.Close(headroom - 1)
	}
}

// ReserveDescriptors grows this program's table to n descriptors, soon and in the
// background. It does nothing if the system does not allow so many.
func ReserveDescriptors(n int) {
	if n <= headroom {
		return
	}
	go func() {
		if fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, n-1); err == nil {
			unix.Close(fd)
		}
	}()
}
