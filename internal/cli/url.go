package cli

import (
	"fmt"

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
			p, err := g.open()
			if err != nil {
				return err
			}
			url, err := p.url(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(g.Out, urlFact{args[0], url})
			}
			_, err = fmt.Fprintln(g.Out, url)
			return err
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}
