//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// readyPatience is how long signals wait for the supervisor to be ready for them.
const readyPatience = 5 * time.Second

// restAfter is from when on the guard only waits.
const restAfter = 2 * time.Second

// guard outlives the supervisor, its only child, and ends what that leaves behind.
type guard struct {
	child int
	// waiting are the signals that came before the child was ready for them.
	waiting []syscall.Signal
	ready   bool
	echoes  echoes
	// told, set for SameGroup, is where the guard writes its signals to the child. Had it
	// sent them, the child could not tell them from those that the whole group got.
	told *os.File
	// spared are those that outlive the child; see GuardedSide.Detach.
	spared <-chan []ID
}

// Guard starts this program again as its child, in a process group of its own, and
// waits until the child has died, for whatever reason. Then it kills everything that
// descends from it, and returns how the child has ended.
//
// Guard passes signals on to the child, which must call Guarded. The terminal's signals
// reach the guard alone, except with SameGroup, so the child gets each of them once. One
// to end that comes twice within a tenth of a second is passed on once. Ctrl-Z stops both. The
// caller is to exit when Guard returns: signals stay redirected.
func Guard(o GuardOptions) (Exit, error) {
	if err := BecomeSubreaper(); err != nil {
		return Exit{}, err
	}
	keepFilesFromChildren()
	near, far, err := line()
	if err != nil {
		return Exit{}, fmt.Errorf("cannot connect to the supervisor: %w", err)
	}
	defer near.Close()
	run := newRunID()
	w, err := startAgain(o, far, run)
	far.Close()
	if err != nil {
		return Exit{}, err
	}
	// This takes its time, so the child starts meanwhile. A signal that comes earlier ends
	// this program, and the child with it.
	signals := make(chan os.Signal, 64)
	signal.Notify(signals, append(forwarded(), unix.SIGTSTP, unix.SIGCONT)...)
	exit := make(chan Exit, 1)
	go func() { exit <- w.wait() }()
	g := guard{child: w.pid, echoes: echoes{}}
	defer time.AfterFunc(restAfter, ReleaseProgram).Stop()
	stop := reapOrphans(w.pid)
	if o.SameGroup {
		g.told = near
	}
	end := g.pass(signals, near, exit)
	stop()
	endDescendants(w.pid, run, g.awaitSpared())
	return end, nil
}

// startAgain starts this program with far as descriptor 3.
func startAgain(o GuardOptions, far *os.File, run string) (waiter, error) {
	if o.Args == nil {
		o.Args = os.Args
	}
	if o.Env == nil {
		o.Env = os.Environ()
	}
	path, err := OwnPath()
	if err != nil {
		return waiter{}, fmt.Errorf("cannot find this program: %w", err)
	}
	inode, _ := socketInode(int(far.Fd()))
	self := Self()
	env := []string{fmt.Sprintf("%s=%d %d %d %t", guardKey, inode, self.PID, self.Start, o.SameGroup)}
	for _, pair := range marked(o.Env, run, 0) {
		if !strings.HasPrefix(pair, guardKey+"=") {
			env = append(env, pair)
		}
	}
	sys := &syscall.SysProcAttr{Setpgid: !o.SameGroup}
	pidfd := askPidfd(sys)
	pid, err := syscall.ForkExec(path, o.Args, &syscall.ProcAttr{
		Env: env, Files: withHeadroom([]uintptr{0, 1, 2, far.Fd()}), Sys: sys,
	})
	if err != nil {
		return waiter{}, fmt.Errorf("cannot start %s again: %w", path, err)
	}
	return newWaiter(pid, pidfd), nil
}

// OwnPath returns a path to this program's file, even if another has taken its name
// meanwhile.
func OwnPath() (string, error) {
	const running = "/proc/self/exe"
	path, err := os.Executable()
	now, err1 := os.Stat(running)
	named, err2 := os.Stat(path)
	if err1 == nil && (err != nil || err2 != nil || !os.SameFile(now, named)) {
		return running, nil
	}
	return path, err
}

// line returns the two ends of a connection, the near one in Go's poller.
func line() (near, far *os.File, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, nil, err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	unix.SetNonblock(fds[0], true)
	return os.NewFile(uintptr(fds[0]), "supervisor"), os.NewFile(uintptr(fds[1]), "guard"), nil
}

// pass passes signals on until the child exits. They wait until the child says that it
// is ready: before that, most would end it.
func (g *guard) pass(signals <-chan os.Signal, near *os.File, exit <-chan Exit) Exit {
	near.SetReadDeadline(time.Now().Add(readyPatience))
	ready := make(chan struct{})
	spared := make(chan []ID, 1)
	g.spared = spared
	go func() {
		near.Read(make([]byte, 1))
		near.SetReadDeadline(time.Time{})
		close(ready)
		spared <- readSpared(near)
	}()
	for {
		select {
		case end := <-exit:
			return end
		case <-ready:
			g.ready, ready = true, nil
			for _, sig := range g.waiting {
				g.send(sig)
			}
		case sig := <-signals:
			g.take(sig.(syscall.Signal))
		}
	}
}

// take handles one signal. The child is not reaped while pass runs, so its pid is
// still its own.
func (g *guard) take(sig syscall.Signal) {
	whole := -g.child
	if g.told != nil {
		whole = g.child // The group is this program's too, and the shell stops it.
	}
	switch {
	case g.echoes.repeats(sig):
	case sig == unix.SIGTSTP:
		syscall.Kill(whole, unix.SIGSTOP)
		syscall.Kill(os.Getpid(), unix.SIGSTOP)
	case sig == unix.SIGCONT:
		syscall.Kill(whole, unix.SIGCONT)
	case g.ready:
		g.send(sig)
	default:
		g.waiting = append(g.waiting, sig)
	}
}

func (g *guard) send(sig syscall.Signal) {
	if g.told == nil {
		syscall.Kill(g.child, sig)
		return
	}
	g.told.SetWriteDeadline(time.Now().Add(time.Second)) // It may be stopped.
	g.told.Write([]byte{byte(sig)})
}

// reapOrphans reaps what ends while child lives and has come to this program: as PID 1 of
// a container it gets every orphan, those too that are nobody's below. It lasts until
// stop is called.
func reapOrphans(child int) (stop func()) {
	ended, over := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(ended, unix.SIGCHLD)
	ended <- unix.SIGCHLD // What has ended before.
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-ended:
				reapAllBut(child)
			case <-over:
				return
			}
		}
	})
	return func() {
		signal.Stop(ended)
		close(over)
		done.Wait()
	}
}

// endDescendants kills what is left below this process, but spared and what is below that.
// Where orphans do not come back to it, it also kills what carries the mark of run.
func endDescendants(child int, run string, spared []ID) {
	syscall.Kill(-child, unix.SIGKILL)
	killUntilGone(func() []stat { return descendants(spared) })
	if !getsOrphans() {
		EndLeftovers(Record{Run: run}, 0)
	}
}

// descendants reaps what has died and returns what lives below this process, beside
// spared. It returns nothing only once there is no other child at all: one that is dead now
// may have started another after it was listed.
func descendants(spared []ID) []stat {
	self := stat{ID: ID{PID: os.Getpid()}}
	quiet := 0
	for range 5000 {
		if !reapAll() {
			return nil
		}
		f := newForest()
		children := slices.DeleteFunc(f.children(self), func(s stat) bool { return slices.Contains(spared, s.ID) })
		if living := f.below(children); len(living) > 0 {
			return living
		}
		if len(children) == 0 && len(spared) > 0 { // To reap does not tell, as one of spared lives.
			if quiet++; quiet == quietLooks {
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// reapAll reaps every dead child and reports whether any child is left.
func reapAll() bool {
	for {
		switch pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); {
		case err == syscall.EINTR, pid > 0:
		case err != nil:
			return false
		default:
			return true
		}
	}
}
