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
	"github.com/lhrun/lhrun/ports"
)

// front holds the sockets by which browsers reach the services. The process that serves
// them begins with the first connection; a connection that comes while it does not run
// waits in the kernel.
type front struct {
	// relay are the arguments of the lhrun that serves the sockets, which it has from
	// descriptor 3 on.
	relay []string
	warn  func(format string, args ...any)

	mu      sync.Mutex
	now     config.ResolvedFront
	sockets *frontSockets
}

// FrontRelayVerb is the verb of lhrun that serves a front's sockets.
const FrontRelayVerb = "front-relay"

func newFront(c ports.Checkout, warn func(format string, args ...any)) *front {
	return &front{relay: []string{FrontRelayVerb, c.Project, c.Instance}, warn: warn}
}

// set makes next the front: it opens its port, unless that is open, and closes another.
// The error, a *control.PortError, says why a port cannot be had; then there is none.
func (f *front) set(next config.ResolvedFront) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if next == f.now {
		return nil
	}
	if next.Port == f.now.Port {
		f.now = next
		f.sockets.startAnew()
		return nil
	}
	f.shut()
	if next.Port == 0 {
		return nil
	}
	listening, err := listenFront(next.Port)
	if err != nil {
		return err
	}
	f.now = next
	f.sockets = serveSockets(listening, f.relay, f.warn)
	return nil
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

func (f *front) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shut()
}

func (f *front) shut() {
	if f.sockets != nil {
		f.sockets.close()
	}
	f.now, f.sockets = config.ResolvedFront{}, nil
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
