//go:build !portable

package ports

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelWaker uses a timer of the kernel for long sleeps. Go's own wakes up three threads
// where this one wakes up one: half of the watcher's share in "idle with 50 services,
// cpu". Short sleeps use Go's, which is in time even where all of Go's threads are busy.
type kernelWaker struct {
	timerWaker
	file *os.File
	conn syscall.RawConn
}

// longSleep is the shortest sleep for which the kernel's timer is used.
const longSleep = 100 * time.Millisecond

func newWaker() waker {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return newTimerWaker()
	}
	f := os.NewFile(uintptr(fd), "waker")
	conn, err := f.SyscallConn()
	if err != nil || f.SetReadDeadline(time.Time{}) != nil { // Go's poller does not take it.
		f.Close()
		return newTimerWaker()
	}
	return kernelWaker{newTimerWaker(), f, conn}
}

func (a kernelWaker) sleep(d time.Duration) {
	if 0 < d && d < longSleep {
		a.timerWaker.sleep(d)
		return
	}
	a.set(d)
	select {
	case <-a.woken: // Maybe before the timer was set, which has undone it then.
		return
	default:
	}
	_ = a.conn.Read(func(fd uintptr) bool {
		var rung [8]byte
		_, _, err := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&rung[0])), uintptr(len(rung)))
		return err != unix.EAGAIN
	})
}

func (a kernelWaker) wake() {
	a.timerWaker.wake()
	a.set(time.Nanosecond)
}

// set does not tell Go's scheduler of its call, which never blocks: an ordinary call
// after a sleep wakes up a thread that watches over such calls.
func (a kernelWaker) set(d time.Duration) {
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	_ = a.conn.Control(func(fd uintptr) {
		unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
	})
}

func (a kernelWaker) close() {
	a.timerWaker.close()
	a.file.Close()
}
