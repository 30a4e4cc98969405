package run

import (
	"context"
	"errors"
	"net"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/ports"
)

// DialTraffic returns a client of what the inspector of a run has seen. It returns
// control.ErrNotRunning where nothing is inspected.
func DialTraffic(ctx context.Context, c ports.Checkout) (*traffic.Client, error) {
	paths, err := control.TrafficPaths(c.Project, c.Instance)
	if err != nil {
		return nil, err
	}
	err = control.ErrNotRunning
	for _, path := range paths {
		connect := func(ctx context.Context) (net.Conn, error) { return control.Connect(ctx, path) }
		conn, e := connect(ctx)
		if e == nil {
			_ = conn.Close()
			return traffic.NewClient(connect), nil
		}
		if errors.Is(err, control.ErrNotRunning) {
			err = e
		}
	}
	return nil, err
}
