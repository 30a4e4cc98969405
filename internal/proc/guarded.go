//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// guardKey is the variable that tells the supervisor of its guard: the inode of
// the socket that is descriptor 3, and the guard's pid and start.
const guardKey = "LHRUN_GUARD"

const guardFile = 3

// GuardedSide is the supervisor's side of Guard.
type GuardedSide struct {
	guard ID
	// run marks this program and all that it starts.
	run  string
	line *os.File
	// ready closes when the guard knows that signals may come, by the first byte on line.
	ready chan struct{}
	lost  chan struct{}
	// received are the signals as they come; signals are those of them that the guard passed
	// on or somebody sent here, where one wish to end is one.
	received chan os.Signal
	signals  chan os.Signal
	arrivals chan Arrival
}

// Guarded reports whether Guard started this program, and connects it to its guard. It
// must be called once, before anything else is started.
//
// From then on the signals that the guard passes on arrive in Signals and have no other
// effect, and the terminal does not stop this program for writing.
func Guarded() (*GuardedSide, bool) {
	value, ok := os.LookupEnv(guardKey)
	if !ok {
		return nil, false
	}
	os.Unsetenv(guardKey)
	g := &GuardedSide{run: lastMark(os.Getenv(markName)), ready: make(chan struct{}), lost: make(chan struct{}), received: make(chan os.Signal, 64)}
	var inode uint64
	var sameGroup bool
	if _, err := fmt.Sscanf(value, "%d %d %d %t", &inode, &g.guard.PID, &g.guard.Start, &sameGroup); err != nil {
		return nil, false
	}
	// The variable may be inherited by accident, and 3 be anything.
	if got, ok := socketInode(guardFile); !ok || got != inode {
		return nil, false
	}
	dropHeadroom(inode)
	unix.CloseOnExec(guardFile)
	unix.SetNonblock(guardFile, true)
	line := os.NewFile(guardFile, "guard")
	g.line = line

	discard := make(chan os.Signal, 1)
	ignore(discard, unix.SIGTTOU)
	ignore(discard, unix.SIGTTIN)
	told := make(chan syscall.Signal, 64)
	if sameGroup {
		g.arrivals = make(chan Arrival, 64)
		go g.pair(told)
	} else {
		g.signals = make(chan os.Signal, 64)
		go debounce(g.received, g.signals, g.lost)
	}
	signals := forwarded() // Before somebody else asks for the one that is ignored.
	take := func() {
		signal.Notify(g.received, signals...)
		line.Write([]byte{1}) // from now on signals may come
		close(g.ready)
	}
	if sameGroup { // The terminal's signals may come at any time.
		take()
		go g.watch(line, told)
		return g, true
	}
	go func() { // It takes as long as to read a project's file.
		take()
		g.watch(line, told)
	}()
	return g, true
}

// watch reads the signals that the guard got, until the line ends, as it does when the
// guard dies.
func (g *GuardedSide) watch(line *os.File, told chan<- syscall.Signal) {
	defer close(g.lost)
	defer guardless.Store(true)
	defer line.Close()
	var b [1]byte
	for {
		if n, err := line.Read(b[:]); n == 0 || err != nil {
			return
		}
		select {
		case told <- syscall.Signal(b[0]):
		default: // Nobody takes them, or not fast enough.
		}
	}
}

// guardless is set once this program's guard has died.
var guardless atomic.Bool

// abandoned returns what carries the mark of this program's guard, if that has died.
func abandoned() []stat {
	run := lastMark(os.Getenv(markName))
	if run == "" || !guardless.Load() {
		return nil
	}
	return newForest().below(Record{Run: run}.left(nil))
}

// Lost closes when the guard has died. Nobody would end this program's processes after
// it any more, so it must end them, and itself, at once.
func (g *GuardedSide) Lost() <-chan struct{} { return g.lost }

// Signals returns those that this program gets and those that the guard passes on, in
// order. Those that belong to one wish to end come as one, whoever got them. With a
// SameGroup guard signals come by Arrivals instead.
func (g *GuardedSide) Signals() <-chan os.Signal { return g.signals }

// Arrivals returns, with a SameGroup guard, the signals that it or this program got.
func (g *GuardedSide) Arrivals() <-chan Arrival { return g.arrivals }

// Run is the mark of all that descends from this program, but for what Detach starts; see
// Record.
func (g *GuardedSide) Run() string { return g.run }

// Guard names the guard's process.
func (g *GuardedSide) Guard() ID { return g.guard }

// forwarded returns the signals that the guard passes on. A hang-up that was ignored
// when this program began (nohup) stays ignored. An interrupt that was ignored (a
// script's &) does not, or only kill -9 would be left.
func forwarded() []os.Signal {
	all := []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGQUIT, unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH}
	if !signal.Ignored(unix.SIGHUP) {
		all = append(all, unix.SIGHUP)
	}
	return all
}

func socketInode(fd int) (uint64, bool) {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFSOCK {
		return 0, false
	}
	return uint64(st.Ino), true
}
