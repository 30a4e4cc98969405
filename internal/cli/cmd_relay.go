package cli

import (
	"context"
	"net"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/handoff"
	"github.com/lhrun/lhrun/internal/relay"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/trust"
	"github.com/lhrun/lhrun/ports"
)

// newRelay makes the verb by which a run starts its relay. It is not for people.
func newRelay(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:    run.RelayVerb + " PROJECT INSTANCE",
		Short:  "Carry the traffic of a run, which starts this by itself",
		Hidden: true,
		Args:   between(2, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			from, err := handoff.Conn(g.In)
			if err != nil {
				return usageError("a run starts %s by itself", run.RelayVerb)
			}
			defer from.Close()
			return serveRelay(from, ports.Checkout{Project: args[0], Instance: args[1]})
		},
	}
}

// serveRelay returns when the run is gone.
func serveRelay(from *net.UnixConn, c ports.Checkout) error {
	ctx := context.Background()
	client, err := run.DialCheckout(ctx, c)
	if err != nil {
		return err
	}
	dir, err := trust.Dir()
	if err != nil {
		return err
	}
	return relay.Serve(ctx, from, client, trust.NewSource(dir))
}
