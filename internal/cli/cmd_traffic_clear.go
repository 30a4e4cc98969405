package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/words"
)

func newTrafficClear(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "clear",
		Short:   "Forget the calls that were seen",
		Long:    `clear forgets all calls. Their numbers are not used again.`,
		Example: `  lhrun traffic clear`,
		Args:    between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			ctx, stop := g.untilInterrupted(context.Background())
			defer stop()
			_, client, err := g.dialTraffic(ctx)
			if err != nil || client == nil {
				return err
			}
			n, err := client.Clear(ctx)
			if err == nil {
				_, err = fmt.Fprintf(g.Out, "forgot %s\n", words.Plural(int(n), "call"))
			}
			return err
		},
	}
}
