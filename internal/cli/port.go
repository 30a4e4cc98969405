package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// portFact is what `port --json` prints.
type portFact struct {
	Service string `json:"service"`
	Name    string `json:"name,omitempty"`
	Port    int    `json:"port"`
}

func newPort(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "port SERVICE [NAME]",
		Short: "Print a service's port",
		Long: `port prints the number of SERVICE's port, or of its further port NAME. It is
the same number whether the project runs or not.`,
		Example: `  curl "http://127.0.0.1:$(lhrun port api)/healthz"
  lhrun port api debug`,
		Args:              between(1, 2),
		ValidArgsFunction: g.completePort,
		RunE: func(_ *cobra.Command, args []string) error {
			fact := portFact{Service: args[0]}
			if len(args) == 2 {
				fact.Name = args[1]
			}
			p, err := g.peek()
			if err != nil {
				return err
			}
			if fact.Port, err = p.port(fact.Service, fact.Name); err != nil {
				return err
			}
			if asJSON {
				return printJSON(g.Out, fact)
			}
			_, err = fmt.Fprintln(g.Out, fact.Port)
			return err
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}
