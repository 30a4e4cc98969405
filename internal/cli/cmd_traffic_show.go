package cli

import (
	"context"

	"github.com/spf13/cobra"
)

func newTrafficShow(g *globals) *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use:   "show N",
		Short: "Show one call whole",
		Long: `show prints the call N: what was asked and answered, headers, bodies, and the
messages of a stream one after the other. It indents JSON, decompresses gzip and
deflate, writes hex for what is no text, and says what was not kept.`,
		Example: `  lhrun traffic show 12`,
		Args:    between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			ctx, stop := g.untilInterrupted(context.Background())
			defer stop()
			if _, err := readCall(args[0]); err != nil {
				return err
			}
			_, client, err := g.dialTraffic(ctx)
			if err != nil {
				return err
			}
			e, err := g.call(ctx, client, args[0], reveal)
			if err != nil {
				return err
			}
			return g.Sheet(g.Out).ShowTraffic(g.Out, e)
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show what is secret")
	return cmd
}
