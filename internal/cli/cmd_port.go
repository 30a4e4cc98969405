package cli

import (
	"fmt"
	"slices"

	"github.com/lhrun/lhrun/internal/run"
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
			p, err := g.Peek()
			if err != nil {
				return err
			}
			if fact.Port, err = portOf(p, fact.Service, fact.Name); err != nil {
				return err
			}
			if asJSON {
				return g.printJSON(fact)
			}
			_, err = fmt.Fprintln(g.Out, fact.Port)
			return err
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// portOf returns the number of a service's port; name "" is the main one.
func portOf(p *run.Project, service, name string) (int, error) {
	s, err := p.Service(service)
	if err != nil {
		return 0, err
	}
	port := p.Port(service, name)
	switch {
	case port != 0:
		return port, nil
	case name == "":
		return 0, usageError("service %q has no port", service)
	}
	var names []string
	for _, port := range s.Ports {
		names = append(names, port.Name)
	}
	slices.Sort(names)
	return 0, usageError("service %q has no port named %q%s", service, name, didYouMean(name, names))
}

// urlFact is what `url --json` prints.
type urlFact struct {
	Service string `json:"service"`
	URL     string `json:"url"`
	Origin  string `json:"origin,omitempty"`
}

func newURL(g *globals) *cobra.Command {
	var asJSON, origin bool
	cmd := &cobra.Command{
		Use:   "url SERVICE",
		Short: "Print a service's URL",
		Long: `url prints where SERVICE is reached. It is the same address whether the project
runs or not.

--origin prints the named address of SERVICE for browsers, such as
http://web.shop.localhost:20123; see "lhrun help front".`,
		Example: `  psql "$(lhrun url db)"
  lhrun url --origin web`,
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
			url, kind := s.URL, "url"
			if origin {
				url, kind = s.Origin, "origin"
			}
			if url == "" {
				return usageError("service %q has no %s", args[0], kind)
			}
			if asJSON {
				return g.printJSON(urlFact{args[0], s.URL, s.Origin})
			}
			_, err = fmt.Fprintln(g.Out, url)
			return err
		},
	}
	cmd.Flags().BoolVar(&origin, "origin", false, "print the named address for browsers")
	addJSON(cmd, &asJSON)
	return cmd
}
