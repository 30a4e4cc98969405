//go:build !portable

package proc

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// forker starts processes that the kernel kills when this program dies, however that
// happens, even if its guard dies at the same time. The kernel does not kill what they
// have started in turn; that is found by its mark.
//
// The kernel goes by the end of the thread that forked, so one thread does nothing else.
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

// run never unlocks its thread, so the thread ends when run returns.
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

// thread returns the id of the thread that forks; 0 before it runs.
func (f *forker) thread() int { return int(f.tid.Load()) }

// close ends the thread. Everything it started must have ended.
func (f *forker) close() { close(f.ended) }
