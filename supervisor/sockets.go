package supervisor

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
)

// sockets are the listening sockets of a service with Listen. They stay open as long
// as the service is wanted, across its restarts.
type sockets struct {
	names []string
	ports []int
	files []*os.File
}

// mainSocket is the name in LISTEN_FDNAMES of the port that has none.
const mainSocket = "main"

// listenFor opens the sockets of svc: that of its port, then the others by name.
func listenFor(svc Service) (*sockets, error) {
	k := &sockets{}
	if svc.Port != 0 {
		k.names, k.ports = append(k.names, mainSocket), append(k.ports, svc.Port)
	}
	var more []string
	for name := range svc.Ports {
		more = append(more, name)
	}
	slices.Sort(more)
	for _, name := range more {
		k.names, k.ports = append(k.names, name), append(k.ports, svc.Ports[name])
	}
	for _, port := range k.ports {
		f, err := listenFile(net.JoinHostPort(svc.Host, strconv.Itoa(port)))
		if err != nil {
			k.close()
			return nil, fmt.Errorf("cannot listen for it: %w", err)
		}
		k.files = append(k.files, f)
	}
	return k, nil
}

func listenFile(addr string) (*os.File, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.(*net.TCPListener).File()
}

func (k *sockets) close() {
	if k == nil {
		return
	}
	for _, f := range k.files {
		_ = f.Close()
	}
}

// fits reports whether the sockets are those that svc needs and still listen.
func (k *sockets) fits(svc Service) bool {
	for _, f := range k.files {
		if !listens(f) {
			return false
		}
	}
	want := svc.ports()
	have := slices.Clone(k.ports)
	slices.Sort(want)
	slices.Sort(have)
	return slices.Equal(want, have)
}

// The variables by which systemd passes sockets on: how many there are, from
// descriptor 3 on, their names, and the pid of the process that they are for.
const (
	listenFDs   = "LISTEN_FDS"
	listenNames = "LISTEN_FDNAMES"
	listenPID   = "LISTEN_PID"
)

// hand has cmd inherit the sockets and returns the variables that tell of them.
func (k *sockets) hand(cmd *command) (env []string) {
	cmd.Files, cmd.PIDVar = k.files, listenPID
	return []string{
		listenFDs + "=" + strconv.Itoa(len(k.files)),
		listenNames + "=" + strings.Join(k.names, ":"),
	}
}

// takeSockets returns the unit's sockets for a new attempt. It closes them first where
// they are not what the service needs; nil has occupy open new ones.
func (u *unit) takeSockets() *sockets {
	if k := u.sockets; k != nil && (!u.Listen || !k.fits(u.Service)) {
		u.dropSockets()
	}
	return u.sockets
}

// dropSockets closes the unit's sockets.
func (u *unit) dropSockets() {
	u.sockets.close()
	u.sockets = nil
}
