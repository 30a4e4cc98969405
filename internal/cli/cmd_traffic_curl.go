package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newTrafficCurl(g *globals) *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "curl N",
		Short: "Print a call as a command of curl",
		Long: `curl prints a command for any shell that sends the request of the call N once
more, byte for byte, to the service itself. What is secret is *** in it, unless
--reveal is given.`,
		Example: `  lhrun traffic curl 12 --reveal | sh`,
		Args:    between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, stop := g.untilInterrupted(context.Background())
			defer stop()
			if _, err := readCall(args[0]); err != nil {
				return err
			}
			project, client, err := g.dialTraffic(ctx)
			if err != nil {
				return err
			}
			e, err := g.call(ctx, client, args[0], reveal)
			if err != nil {
				return err
			}
			base, err := baseOf(ctx, project, e.To, e.Port)
			if err != nil {
				return err
			}
			command, err := e.Curl(base)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(g.Out, command)
			return err
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show what is secret")
	return cmd
}
