package ports

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kernelAlarm takes a timer of the kernel's for long rests. One of Go's wakes up three
// threads where this wakes up one: that was half of what the watcher costs at rest.
// Where all of Go's threads are busy, Go's own is the one that rings in time.
type kernelAlarm struct {
	timerAlarm
	file *os.File
	conn syscall.RawConn
}

// longRest is from where on the kernel's timer is taken.
const longRest = 100 * time.Millisecond

func newAlarm() alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return newTimerAlarm()
	}
	f := os.NewFile(uintptr(fd), "alarm")
	conn, err := f.SyscallConn()
	if err != nil || f.SetReadDeadline(time.Time{}) != nil { // Go's poller does not take it.
		f.Close()
		return newTimerAlarm()
	}
	return kernelAlarm{newTimerAlarm(), f, conn}
}

func (a kernelAlarm) rest(d time.Duration) {
	if 0 < d && d < longRest {
		a.timerAlarm.rest(d)
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

func (a kernelAlarm) wake() {
	a.timerAlarm.wake()
	a.set(time.Nanosecond)
}

// set does not tell Go's scheduler of its call, which never blocks: the first
// ordinary one after a rest wakes up a thread that watches over such calls.
func (a kernelAlarm) set(d time.Duration) {
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	_ = a.conn.Control(func(fd uintptr) {
		unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
	})
}

func (a kernelAlarm) close() {
	a.timerAlarm.close()
	a.file.Close()
}
