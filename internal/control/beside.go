package control

import (
	"context"
	"net"
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
