package control

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
)

// TrafficPaths are where the inspector of an instance serves what it has seen: beside each
// of ServedPaths.
func TrafficPaths(project, instance string) ([]string, error) {
	paths, err := ServedPaths(project, instance)
	for i, path := range paths {
		paths[i] = strings.TrimSuffix(path, ".sock") + ".traffic.sock"
	}
	return paths, err
}

// Connect makes one connection to a socket at path, and to a process, of this user alone.
// It returns ErrNotRunning where nobody listens.
func Connect(ctx context.Context, path string) (net.Conn, error) {
	return (&Client{path: path}).tryConnect(ctx)
}

// ListenBeside makes the sockets at TrafficPaths, 0600, in the place of stale ones. Where
// only some can be made, these are what it returns.
func ListenBeside(paths []string) (sockets []*os.File, err error) {
	for _, path := range paths {
		l, errListen := listen(path)
		if errListen == nil {
			var f *os.File
			if f, errListen = l.File(); errListen == nil {
				sockets = append(sockets, f)
			}
			_ = l.Close()
		}
		err = errors.Join(err, errListen)
	}
	if len(sockets) > 0 {
		err = nil
	}
	return sockets, err
}
