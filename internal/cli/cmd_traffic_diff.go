package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/traffic"
)

func newTrafficDiff(g *globals) *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "diff N M",
		Short: "Show how two calls differ",
		Long: `diff compares the calls N and M, requests and responses, as "diff -u" does. JSON
is compared by what it says, not by how it is written.`,
		Example: `  lhrun traffic diff 12 19`,
		Args:    between(2, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, stop := g.untilInterrupted(context.Background())
			defer stop()
			var calls [2]traffic.Entry
			for _, arg := range args {
				if _, err := readCall(arg); err != nil {
					return err
				}
			}
			_, client, err := g.dialTraffic(ctx)
			if err != nil {
				return err
			}
			for i, arg := range args {
				if calls[i], err = g.call(ctx, client, arg, reveal); err != nil {
					return err
				}
			}
			return g.Sheet(g.Out).WriteDiff(g.Out, traffic.Diff(&calls[0], &calls[1]))
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show what is secret")
	return cmd
}
