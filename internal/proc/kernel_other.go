//go:build darwin || freebsd || (linux && portable)

package proc

import (
	"os"
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// stat is one process as the kernel showed it at one moment.
type stat struct {
	ID
	ppid, pgrp, session int
	zombie, stopped     bool
}

func (s stat) dead() bool { return s.zombie }

func (s stat) exiting() bool { return false }

func (s stat) suspended() bool { return s.stopped }

func (s stat) kernel() bool { return false }

func lookForMark(pid int, run string) (n uint64, ok, empty bool) {
	n, ok = readMark(pid, run)
	return n, ok, false
}

// eachNewest calls f with every process that skip does not name. They are read
// together, so each is there.
func eachNewest(skip func(pid int) bool, f func(pid int, s stat, there bool)) {
	for _, s := range listAll() {
		if !skip(s.PID) {
			f(s.PID, s, true)
		}
	}
}

// BecomeSubreaper does nothing here: only Linux gives orphans to an ancestor.
func BecomeSubreaper() error { return nil }

func getsOrphans() bool { return os.Getpid() == 1 }

// failedLooks counts the looks at processes that failed; here none is known to.
var failedLooks atomic.Int64

func hasChildLists() bool { return false }

func listChildren(stat, func(int) bool) []stat { return nil }

func listAdopted([]int, func(int) bool) []stat { return nil }

func linksWritten(int) map[string]bool { return nil }

func pidfdsHeld() (map[int]bool, bool) { return nil, false }

func pipeLink(*os.File) string { return "" }

// programNames are the names that a process may be known by.
func programNames(pid int) []string {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return nil
	}
	name, _ := p.Name()
	exe, _ := p.Exe()
	line, _ := p.CmdlineSlice()
	return baseNames(append([]string{name, exe}, line[:min(1, len(line))]...)...)
}

// Command is the command line of a process; "" when there is no such process.
func Command(pid int) string {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return ""
	}
	line, _ := p.Cmdline()
	return line
}

// signalExact signals the process that id names. The kernel has no handle for a
// stranger, so a pid that changes hands within microseconds goes unseen.
func signalExact(id ID, sig syscall.Signal) error {
	if !Alive(id) {
		return os.ErrProcessDone
	}
	return syscall.Kill(id.PID, sig)
}

// owner names the user that pid runs as.
func owner(pid int) string {
	p, err := process.NewProcess(int32(pid))
	if err != nil {
		return "another user"
	}
	uids, err := p.Uids()
	if err != nil || len(uids) == 0 {
		return "another user"
	}
	return userName(uint32(uids[0]))
}

// newPipe returns a pipe whose read end is in Go's poller and whose write end
// blocks: os.Pipe sets both ends non-blocking, and a child would inherit that.
func newPipe() (r, w *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "output"), os.NewFile(uintptr(fds[1]), "output"), nil
}

// keepFilesFromChildren marks what this program inherited as close-on-exec.
func keepFilesFromChildren() {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return
	}
	defer dir.Close()
	list, _ := dir.Readdirnames(-1)
	for _, name := range list {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
