package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/view"
)

func newInspect(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect [on|off [SERVICE…]]",
		Short: "See every call between services: who calls whom, and what they say",
		Long: `inspect on gives those who call the named services, or any that has a port, an
address of their own for each, through which lhrun sees what is said; lhrun
traffic shows it. Not a byte differs from what would pass without. Only callers
restart, to find the new addresses in their variables; the services themselves,
their ports, probes and .env files stay. inspect off ends it.

What lhrun.toml says with inspect = true holds from up on; this holds until the
run ends, whatever the file says. Without on or off, it lists the addresses.

lhrun help inspect tells more.`,
		Example:   "  lhrun inspect on api db\n  lhrun inspect\n  lhrun inspect off",
		Args:      cobra.ArbitraryArgs,
		ValidArgs: []string{"on", "off"},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return []string{"on", "off"}, cobra.ShellCompDirectiveNoFileComp
			}
			return g.completeServices(cmd, args[1:], typed)
		},
	}
	o := changeOptions{verb: control.VerbInspect}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return g.inspected(cmd.Context(), asJSON)
		case args[0] != "on" && args[0] != "off":
			return usageError("lhrun inspect takes on or off, and then services: lhrun inspect on %s", args[0])
		}
		o.names, o.json = args[1:], asJSON
		return g.operate(cmd.Context(), o, control.Request{Verb: control.VerbInspect, Services: o.names, Off: args[0] == "off"})
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 0, "exit with code 4 when not done after `DURATION`")
	addJSON(cmd, &asJSON)
	return cmd
}

// inspected lists the addresses at which services find inspected ones.
func (g *globals) inspected(ctx context.Context, asJSON bool) error {
	_, client, err := g.Dial(ctx)
	if err != nil {
		return err
	}
	snap, err := client.Snapshot(ctx, false)
	if err != nil {
		return err
	}
	edges := snap.Inspected
	if edges == nil {
		edges = []control.InspectedEdge{}
	}
	if asJSON {
		return view.PrintJSON(g.Out, edges)
	}
	if len(edges) == 0 {
		_, err = g.Out.WriteString("nothing is inspected: lhrun inspect on [SERVICE…] begins\n")
		return err
	}
	rows := [][]string{{"EDGE", "PORT", "LEADS TO", "PROTOCOL"}}
	for _, e := range edges {
		to := e.To
		if e.Name != "" {
			to += "." + e.Name
		}
		protocol := e.Protocol
		if protocol == "" {
			protocol = "what it looks like"
		}
		rows = append(rows, []string{e.From + " -> " + to, strconv.Itoa(e.Port), strconv.Itoa(e.Target), protocol})
	}
	for _, line := range view.Table(rows) {
		if _, err := g.Out.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	return nil
}
