package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

// checked is what `check --json` prints.
type checked struct {
	Project  string           `json:"project"`
	Instance string           `json:"instance"`
	Dir      string           `json:"dir"`
	File     string           `json:"file"`
	Services []checkedService `json:"services"`
	Notices  []string         `json:"notices"`
}

// checkedService is one service, in start order.
type checkedService struct {
	Name  string         `json:"name"`
	Type  string         `json:"type"`
	Port  int            `json:"port,omitempty"`
	Ports map[string]int `json:"ports,omitempty"`
	URL   string         `json:"url,omitempty"`
	// Listen is "fd" where lhrun opens the sockets.
	Listen    string            `json:"listen,omitempty"`
	DependsOn []view.Dependency `json:"depends_on"`
	// ByName says that a plain `up` leaves it out.
	ByName bool `json:"by_name,omitempty"`
}

func newCheck(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Validate the file and print the start order",
		Long: `check reads the file, reports every mistake in it at once (exit code 2), and
prints the services in the order in which they start, with their ports and what
each one waits for. "by lhrun" marks ports that lhrun opens itself, as listen =
"fd" says.`,
		Example: "  lhrun check\n  lhrun check -f other.toml --json",
		Args:    between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			p, err := g.Open()
			if err != nil {
				return err
			}
			c, err := checkedProject(p, g.Profiles)
			if err != nil {
				return err
			}
			if asJSON {
				return g.printJSON(c)
			}
			for _, n := range c.Notices {
				fmt.Fprintln(g.Err, n)
			}
			return c.write(g.Out)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// checkedProject gathers what is known before anything starts.
func checkedProject(p *run.Project, profiles []string) (checked, error) {
	c := checked{
		Project:  p.Name,
		Instance: p.Checkout.Instance,
		Dir:      p.Dir,
		File:     p.File,
		Services: []checkedService{},
		Notices:  append([]string{}, p.Resolved.Notices...),
	}
	for m, i := p.Masker(), 0; i < len(c.Notices); i++ {
		c.Notices[i] = m.Text(c.Notices[i])
	}
	started, err := p.Select(nil, profiles, false)
	if err != nil {
		return c, err
	}
	for _, name := range p.Order() {
		s, err := p.Service(name)
		if err != nil {
			return c, err
		}
		row, err := serviceRow(p, s)
		if err != nil {
			return c, err
		}
		row.ByName = !slices.Contains(started, name)
		c.Services = append(c.Services, row)
	}
	return c, nil
}

func serviceRow(p *run.Project, s *config.Service) (checkedService, error) {
	row := checkedService{Name: s.Name, Type: "service", DependsOn: []view.Dependency{}}
	if s.Task {
		row.Type = "task"
	}
	resolved, err := p.ResolvedService(s.Name)
	if err != nil {
		return row, err
	}
	row.Port, row.Ports, row.URL = resolved.Port, resolved.Ports, mask.URLs(resolved.URL)
	if resolved.Listen {
		row.Listen = "fd"
	}
	for _, d := range s.DependsOn {
		row.DependsOn = append(row.DependsOn, view.Dependency{Name: d.Name, Condition: string(d.Condition)})
	}
	return row, nil
}

func (c checked) write(w io.Writer) error {
	rows := [][]string{{"SERVICE", "TYPE", "PORT", "AFTER"}}
	for _, s := range c.Services {
		rows = append(rows, []string{s.Name, s.Type, s.ports(), s.after()})
	}
	fmt.Fprintf(w, "%s (%s): %s\n", c.Project, c.Instance, words.Plural(len(c.Services), "service"))
	_, err := fmt.Fprintln(w, strings.Join(view.Table(rows), "\n"))
	return err
}

// ports are all ports of a service for people.
func (s checkedService) ports() string {
	var all []string
	if s.Port != 0 {
		all = append(all, strconv.Itoa(s.Port))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Ports)) {
		all = append(all, fmt.Sprintf("%s %d", name, s.Ports[name]))
	}
	if len(all) == 0 {
		return "-"
	}
	text := strings.Join(all, ", ")
	if s.Listen != "" {
		text += " (by lhrun)"
	}
	return text
}

// after is what a service waits for; conditions that go without saying are left
// out.
func (s checkedService) after() string {
	var all []string
	for _, d := range s.DependsOn {
		if d.Condition == string(supervisor.Started) {
			d.Name += " (started)"
		}
		all = append(all, d.Name)
	}
	after := strings.Join(all, ", ")
	if s.ByName {
		after = strings.TrimSpace(after + " (by name only)")
	}
	return after
}
