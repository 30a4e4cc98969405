package proc

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// forker starts processes that the kernel kills when this program dies, however it
// dies: with both halves gone at once, a leader goes too. What a leader has started
// in its turn does not; that is for the mark.
//
// The kernel's word for a program's death is the end of the thread that forked, so
// there is one thread that does nothing else.
type forker struct {
	asked chan func()
	ended chan struct{}
	tid   atomic.Int64
}

func newForker() *forker {
	f := &forker{asked: make(chan func()), ended: make(chan struct{})}
	go f.run()
	return f
}

// run never unlocks the thread, so the thread ends with it, and not before.
func (f *forker) run() {
	runtime.LockOSThread()
	f.tid.Store(int64(unix.Gettid()))
	for {
		select {
		case do := <-f.asked:
			do()
		case <-f.ended:
			return
		}
	}
}

func (f *forker) fork(path string, argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	attr.Sys.Pdeathsig = syscall.SIGKILL
	done := make(chan struct{})
	select {
	case f.asked <- func() {
		pid, err = syscall.ForkExec(path, argv, attr)
		close(done)
	}:
		<-done
		return pid, err
	case <-f.ended:
		return 0, os.ErrClosed
	}
}

// thread is the one that forks; 0 before it has forked anything.
func (f *forker) thread() int { return int(f.tid.Load()) }

// close comes after everything has ended.
func (f *forker) close() { close(f.ended) }
