//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// guardKey is the variable that tells the supervisor of its guard: the inode of
// the socket that is descriptor 3, and the guard's pid and start.
const guardKey = "LHRUN_GUARD"

const guardFile = 3

// Ward is the supervisor's side of Guard.
type Ward struct {
	guard    ID
	lost     chan struct{}
	signals  chan os.Signal
	arrivals chan Arrival
}

// Guarded reports whether Guard started this program, and if so takes it into the
// guard's care. It must be called once, before anything else is started.
//
// From then on the signals that the guard passes on arrive in Signals and nothing
// else happens by them, and the terminal does not stop this program for writing.
func Guarded() (*Ward, bool) {
	value, ok := os.LookupEnv(guardKey)
	if !ok {
		return nil, false
	}
	os.Unsetenv(guardKey)
	w := &Ward{lost: make(chan struct{}), signals: make(chan os.Signal, 64)}
	var inode uint64
	var together bool
	if _, err := fmt.Sscanf(value, "%d %d %d %t", &inode, &w.guard.PID, &w.guard.Start, &together); err != nil {
		return nil, false
	}
	// The variable may be inherited by accident, and 3 be anything.
	if got, ok := socketInode(guardFile); !ok || got != inode {
		return nil, false
	}
	dropRoom(inode)
	unix.CloseOnExec(guardFile)
	unix.SetNonblock(guardFile, true)
	line := os.NewFile(guardFile, "guard")

	discard := make(chan os.Signal, 1)
	ignore(discard, unix.SIGTTOU)
	ignore(discard, unix.SIGTTIN)
	told := make(chan syscall.Signal, 64)
	if together {
		w.arrivals = make(chan Arrival, 64)
		go w.pair(told)
	}
	signals := forwarded() // Before somebody else asks for the one that is ignored.
	take := func() {
		signal.Notify(w.signals, signals...)
		line.Write([]byte{1}) // from now on signals may come
	}
	if together { // The terminal's come at any time.
		take()
		go w.watch(line, told)
		return w, true
	}
	go func() { // This takes as long as to read a project's file.
		take()
		w.watch(line, told)
	}()
	return w, true
}

// watch waits for the end of the line, which comes with the guard's. What comes
// before are signals that the guard got.
func (w *Ward) watch(line *os.File, told chan<- syscall.Signal) {
	defer close(w.lost)
	defer line.Close()
	var b [1]byte
	for {
		if n, err := line.Read(b[:]); n == 0 || err != nil {
			return
		}
		select {
		case told <- syscall.Signal(b[0]):
		default: // Nobody takes them, or nobody could follow.
		}
	}
}

// Lost closes when the guard has died. Nobody would end the processes of this
// program after it now, so it must end them at once, and itself.
func (w *Ward) Lost() <-chan struct{} { return w.lost }

// Signals are those that the guard got for this program, each once and in order. A
// Together guard has Arrivals instead.
func (w *Ward) Signals() <-chan os.Signal { return w.signals }

// Arrivals are, with a Together guard, the signals that it or this program got.
func (w *Ward) Arrivals() <-chan Arrival { return w.arrivals }

// Guard names the guard's process.
func (w *Ward) Guard() ID { return w.guard }

// forwarded are the signals that the guard passes on. A hang-up that was ignored
// when this program began (nohup) stays ignored; an ignored interrupt (a script's
// &) does not, as then only kill -9 would be left.
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
