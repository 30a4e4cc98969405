package cli

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/words"
)

func newOpen(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "open [SERVICE]",
		Short: "Open a service in the browser",
		Long: `open shows SERVICE in the browser: by its origin, such as
http://web.shop.localhost:20123, or else by its url. Without SERVICE it is the
one that has the bare name of the project (host = ""), or else the only one that
has an origin. $BROWSER names another browser than the system's usual one.`,
		Example: `  lhrun open
  lhrun open web`,
		Args:              between(0, 1),
		ValidArgsFunction: g.completeService,
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := g.Open()
			if err != nil {
				return err
			}
			address, err := openable(p, args)
			if err != nil {
				return err
			}
			fmt.Fprintln(g.Out, address)
			return browse(address)
		},
	}
}

// openable is the address to open.
func openable(p *run.Project, args []string) (string, error) {
	if len(args) == 1 {
		s, err := p.ResolvedService(args[0])
		if err != nil {
			return "", err
		}
		address := cmp.Or(s.Origin, s.URL)
		if !strings.HasPrefix(address, "http") {
			return "", usageError("service %q has no address for a browser", args[0])
		}
		return address, nil
	}
	var named []string
	address := ""
	for _, s := range p.Resolved.Services {
		if s.Origin == "" {
			continue
		}
		named, address = append(named, s.Name), s.Origin
		if len(s.Names) > 0 && s.Names[0] == p.Resolved.Front.Domain {
			return s.Origin, nil
		}
	}
	switch len(named) {
	case 0:
		return "", usageError("no service has an address for a browser")
	case 1:
		return address, nil
	}
	return "", usageError("which one? %s", words.Few(named))
}

// browse starts the browser, which may outlive lhrun.
func browse(address string) error {
	argv, err := browser()
	if err != nil {
		return err
	}
	cmd := exec.Command(argv[0], append(argv[1:], address)...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s cannot open %s: %w", argv[0], address, err)
	}
	return nil
}

// browser is the command that opens an address.
func browser() ([]string, error) {
	if name := os.Getenv("BROWSER"); name != "" {
		return []string{name}, nil
	}
	names := []string{"xdg-open", "wslview", "sensible-browser"}
	if runtime.GOOS == "darwin" {
		names = []string{"open"}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return []string{path}, nil
		}
	}
	return nil, fmt.Errorf("there is no %s to open a browser with: set BROWSER", names[0])
}
