//go:build unix

package traffic

import "golang.org/x/sys/unix"

// reserve returns size bytes outside of the heap, which take memory when they are first
// written. Without them, the heap's serve.
func reserve(size int) []byte {
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, size)
	}
	return mem
}

// giveBack is a wish: what mem holds counts no more. It may stay.
func giveBack(mem []byte) { _ = unix.Madvise(mem, unix.MADV_DONTNEED) }

// release returns what reserve gave; what is the heap's it leaves to that.
func release(mem []byte) { _ = unix.Munmap(mem) }
