//go:build !portable

package proc

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BecomeSubreaper makes this process the parent of every descendant that loses
// its own. Only Linux has it; elsewhere it does nothing, and a daemonised process
// is found by group and mark only.
func BecomeSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot become a subreaper: %w", err)
	}
	return nil
}

// getsOrphans reports whether orphans among our descendants become our children.
func getsOrphans() bool {
	if os.Getpid() == 1 {
		return true
	}
	var on int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&on)), 0, 0, 0)
	return err == nil && on != 0
}

// signalExact signals the process that id names, never one that got its pid later.
func signalExact(id ID, sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(id.PID, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return os.ErrProcessDone
	case err != nil: // None in this kernel, refused, or out of descriptors.
		if !Alive(id) {
			return os.ErrProcessDone
		}
		return syscall.Kill(id.PID, sig)
	}
	defer unix.Close(fd)
	// The descriptor pins the process, so what is true now stays true.
	if !Alive(id) {
		return os.ErrProcessDone
	}
	err = unix.PidfdSendSignal(fd, sig, nil, 0)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // A filter of calls says the same.
		return syscall.Kill(id.PID, sig)
	}
	return err
}

// owner names the user that pid runs as.
func owner(pid int) string {
	var st unix.Stat_t
	if err := unix.Stat("/proc/"+strconv.Itoa(pid), &st); err != nil {
		return "another user"
	}
	return userName(st.Uid)
}

// newPipe returns a pipe whose read end is in Go's poller and whose write end
// blocks: os.Pipe sets both ends non-blocking, and a child would inherit that.
func newPipe() (r, w *os.File, err error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return nil, nil, err
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "output"), os.NewFile(uintptr(fds[1]), "output"), nil
}

// reopen opens the reading end of a pipe once more: what a child does to its own, such as
// making it non-blocking, concerns no other child.
func reopen(pipe *os.File) (*os.File, error) {
	conn, err := pipe.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	var openErr error
	err = conn.Control(func(own uintptr) {
		fd, openErr = unix.Open("/proc/self/fd/"+strconv.Itoa(int(own)), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	})
	if err != nil || openErr != nil {
		return nil, errors.Join(err, openErr)
	}
	return os.NewFile(uintptr(fd), "input"), nil
}

// pipeLink is the name of a pipe in /proc/PID/fd.
func pipeLink(f *os.File) string {
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	return "pipe:[" + strconv.FormatUint(info.Sys().(*syscall.Stat_t).Ino, 10) + "]"
}

// keepFilesFromChildren marks every descriptor from 3 on as close-on-exec. Those
// that Go opens are already; those that this program inherited are not.
func keepFilesFromChildren() {
	if unix.CloseRange(3, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	for _, name := range names("/proc/self/fd") {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}

// ignore ignores sig in this program and not in its children. A handler would not
// do for the terminal's signals: the call that raised them would be tried again,
// for ever. So Go is told that it handles the signal, and the kernel to ignore it.
func ignore(discard chan<- os.Signal, sig syscall.Signal) {
	signal.Notify(discard, sig)
	const ignored = 1 // SIG_IGN
	setAction(sig, ignored)
}

// setDefault has sig do what it does to a program without handlers, behind Go's back.
func setDefault(sig syscall.Signal) { setAction(sig, 0) }

func setAction(sig syscall.Signal, handler uintptr) {
	action := [16]uintptr{handler} // no flags, empty mask
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}
