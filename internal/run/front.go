package run

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/handoff"
)

// front holds the sockets by which browsers reach the services.
type front struct {
	relay *relay

	mu  sync.Mutex
	now config.ResolvedFront
	// sockets are the relay's numbers of them.
	sockets []int
}

// RelayVerb is the verb of lhrun that is a run's relay.
const RelayVerb = "relay"

// set makes next the front: it opens its port, unless that is open, and closes another.
// The error, a *control.PortError, says why a port cannot be had; then there is none.
func (f *front) set(next config.ResolvedFront) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if next == f.now {
		return nil
	}
	var err error
	var before []int
	if next.Port != f.now.Port {
		before, f.sockets = f.sockets, nil
		if err = f.open(next.Port); err != nil {
			next = config.ResolvedFront{}
		}
	}
	f.now = next
	f.relay.set(func(s *handoff.State) { s.Front, s.FrontSettings = f.sockets, fmt.Sprint(next) })
	for _, id := range before {
		f.relay.drop(id)
	}
	return err
}

// open opens the sockets; port 0 has none.
func (f *front) open(port int) error {
	if port == 0 {
		return nil
	}
	listening, err := listenFront(port)
	if err != nil {
		return err
	}
	files, err := duplicate(listening)
	for _, file := range files {
		f.sockets = append(f.sockets, f.relay.add(handoff.Front, file))
	}
	return err
}

// told is the front in a Snapshot; nil where there is none.
func (f *front) told() *control.Front {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now.Port == 0 {
		return nil
	}
	return &control.Front{Port: f.now.Port, WaitMS: f.now.Wait.Milliseconds(), Secure: f.now.Secure}
}

// listenFront listens on port of 127.0.0.1 and, where this machine has it, of ::1.
func listenFront(port int) ([]*net.TCPListener, error) {
	four, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		return nil, portError(port, err)
	}
	six, err := net.ListenTCP("tcp6", &net.TCPAddr{IP: net.IPv6loopback, Port: port})
	switch {
	case err == nil:
		return []*net.TCPListener{four, six}, nil
	case isInUse(err):
		four.Close()
		return nil, portError(port, err)
	}
	return []*net.TCPListener{four}, nil // There is no ::1 here.
}

// portError says what would let the front have its port.
func portError(port int, err error) error {
	text := fmt.Sprintf("the front cannot listen on port %d: %v", port, err)
	if errors.Is(err, fs.ErrPermission) {
		text = fmt.Sprintf("the front may not listen on port %d: ports below 1024 are root's here; front.port takes \"auto\" or a higher number", port)
		if runtime.GOOS == "linux" {
			text += ", or allow it with: sudo sysctl -w net.ipv4.ip_unprivileged_port_start=" + strconv.Itoa(port)
		}
	}
	return &control.PortError{Text: text}
}

// duplicate gives the sockets of listening to files, which are closed apart from them.
func duplicate(listening []*net.TCPListener) (out []*os.File, err error) {
	for _, l := range listening {
		f, errFile := l.File()
		err = errors.Join(err, errFile, l.Close())
		if errFile == nil {
			out = append(out, f)
		}
	}
	return out, err
}
