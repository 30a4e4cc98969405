package cli

import (
	"fmt"

	"github.com/lhrun/lhrun/internal/view"
	"github.com/spf13/cobra"
)

// urlFact is what `url --json` prints.
type urlFact struct {
	Service string `json:"service"`
	URL     string `json:"url"`
}

func newURL(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "url SERVICE",
		Short: "Print a service's URL",
		Long: `url prints where SERVICE is reached. It is the same address whether the project
runs or not.`,
		Example: `  open "$(lhrun url web)"
  psql "$(lhrun url db)"`,
		Args:              between(1, 1),
		ValidArgsFunction: g.completeService,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := g.Open()
			if err != nil {
				return err
			}
			s, err := p.ResolvedService(args[0])
			if err != nil {
				return err
			}
			if s.URL == "" {
				return usageError("service %q has no url", args[0])
			}
			if asJSON {
				return view.PrintJSON(g.Out, urlFact{args[0], s.URL})
			}
			_, err = fmt.Fprintln(g.Out, s.URL)
			return err
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}
