package cli

import (
	"context"
	"io"
	"net"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/front"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/trust"
	"github.com/lhrun/lhrun/ports"
)

// newFrontRelay makes the verb by which a run starts the process that serves its front.
// It is not for people.
func newFrontRelay(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:    run.FrontRelayVerb + " PROJECT INSTANCE SOCKETS",
		Short:  "Serve the front of a run, which starts this by itself",
		Hidden: true,
		Args:   between(3, 3),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[2])
			if err != nil || n < 1 {
				return usageError("a run starts %s by itself", run.FrontRelayVerb)
			}
			return serveFront(g.In, args[0], args[1], n)
		},
	}
}

// firstSocket is the descriptor of the first of the sockets that this process was given.
const firstSocket = 3

// serveFront returns when life, the run's end of a pipe, has come to its end.
func serveFront(life io.Reader, project, instance string, n int) error {
	var listeners []net.Listener
	for i := range n {
		f := os.NewFile(uintptr(firstSocket+i), "front")
		l, err := net.FileListener(f)
		if err != nil {
			return usageError("a run starts %s by itself: %v", run.FrontRelayVerb, err)
		}
		_ = f.Close()
		listeners = append(listeners, l)
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	go func() {
		_, _ = io.Copy(io.Discard, life)
		end()
	}()
	client, err := run.DialCheckout(ctx, ports.Checkout{Project: project, Instance: instance})
	if err != nil {
		return err
	}
	dir, err := trust.Dir()
	if err != nil {
		return err
	}
	return front.Serve(ctx, client, listeners, trust.NewSource(dir))
}
