package proc

import "golang.org/x/sys/unix"

// A program's table of descriptors grows by doubling, and where threads share it, as
// they always do in Go, the kernel waits each time until no thread can be looking at the
// old one: some 10 ms in which nothing is opened and nobody started. Fifty services
// waited three times, a tenth of their start.

// guardRoom is the size of the table that the supervisor begins with: enough for some
// two hundred services.
const guardRoom = 1024

// withRoom adds a descriptor to those that a child begins with, the last one of its
// table. A child that has one thread yet does not wait for its growth.
func withRoom(files []uintptr) []uintptr {
	var limit unix.Rlimit
	// The start of a child takes some descriptors above its own.
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2*guardRoom {
		return files
	}
	last := files[len(files)-1]
	for len(files) < guardRoom-1 {
		files = append(files, ^uintptr(0))
	}
	return append(files, last)
}

// dropRoom closes what withRoom has added after files of a guard's child.
func dropRoom(inode uint64) {
	if got, ok := socketInode(guardRoom - 1); ok && got == inode {
		unix.Close(guardRoom - 1)
	}
}

// MakeRoom has n descriptors fit into this program's table soon, without anybody's
// waiting for it. More than the system allows are not.
func MakeRoom(n int) {
	if n <= guardRoom {
		return
	}
	go func() {
		if fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, n-1); err == nil {
			unix.Close(fd)
		}
	}()
}
