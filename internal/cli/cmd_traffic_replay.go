package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/traffic"
	"github.com/lhrun/lhrun/internal/words"
)

func newTrafficReplay(g *globals) *cobra.Command {
	var to string
	times := 1
	cmd := &cobra.Command{
		Use:   "replay N",
		Short: "Send the request of a call again",
		Long: `replay sends the request of the call N of HTTP again, from this terminal, to the
same service or to another one, and says what came back and how that differs
from the first answer. What is secret is sent as it was, and not shown.`,
		Example: `  lhrun traffic replay 12
  lhrun traffic replay 12 --to api-next --times 10`,
		Args: between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := readCall(args[0]); err != nil {
				return err
			}
			if times < 1 {
				return usageError("--times is 1 or more, not %d", times)
			}
			return g.replay(args[0], to, times)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "send it to `SERVICE`")
	cmd.Flags().IntVar(&times, "times", 1, "send it `K` times, one after the other")
	return cmd
}

func (g *globals) replay(call, to string, times int) error {
	ctx, stop := g.untilInterrupted(context.Background())
	defer stop()
	project, client, err := g.dialTraffic(ctx)
	if err != nil {
		return err
	}
	first, err := g.call(ctx, client, call, true)
	if err != nil {
		return err
	}
	port := first.Port
	if to != "" && to != first.To {
		port = ""
	}
	base, err := baseOf(ctx, project, cmp.Or(to, first.To), port)
	if err != nil {
		return err
	}
	stats, err := client.Stats(ctx)
	if err != nil {
		return err
	}
	mask := traffic.NewMask(stats.Hide, g.Masker().Text)
	for range times {
		again, err := first.Replay(ctx, base)
		if err != nil {
			return err
		}
		before, after := mask.Entry(first), mask.Entry(again)
		fmt.Fprintf(g.Out, "%s  %.1f ms  %s\n", after.Status, float64(again.Elapsed(again.Ended).Microseconds())/1000, words.Plural(int(again.Response.Size), "byte"))
		if err := g.Sheet(g.Out).WriteDiff(g.Out, traffic.Diff(&before, &after)); err != nil {
			return err
		}
	}
	return nil
}
