package cli

import (
	"fmt"
	"strings"

	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/spf13/cobra"
)

// The outcomes of a check.
const (
	healthOK   = "ok"
	healthWarn = "warn"
	healthFail = "fail"
)

// examination is what doctor --json prints. OK says that no check failed.
type examination struct {
	OK     bool      `json:"ok"`
	Checks []finding `json:"checks"`
}

// finding is what came of one check, and what to do about it.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

func newDoctor(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check this machine and this project, and say what to do",
		Long: `doctor looks at what lhrun needs of the machine (directories, limits, ports,
kernel) and at the project that is here (its file, the programs that its
commands name, who sits on its ports, what a killed run has left). It changes
nothing.

Each line is ok, warn (it works, with a drawback) or fail (something will not
work), with what to do. The exit code is 1 when something fails.`,
		Example: `  lhrun doctor
  lhrun doctor --json | jq '.checks[] | select(.status != "ok")'`,
		Args: between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			x := g.examine()
			if asJSON {
				if err := g.printJSON(x); err != nil {
					return err
				}
			} else if err := g.writeExamination(x); err != nil {
				return err
			}
			if !x.OK {
				return exitError{exitFailed, nil}
			}
			return nil
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// doctor collects findings.
type doctor struct{ *examination }

func (d doctor) ok(check, format string, args ...any) {
	d.add(check, healthOK, "", format, args...)
}

func (d doctor) warn(check, hint, format string, args ...any) {
	d.add(check, healthWarn, hint, format, args...)
}

func (d doctor) fail(check, hint, format string, args ...any) {
	d.OK = false
	d.add(check, healthFail, hint, format, args...)
}

func (d doctor) add(check, status, hint, format string, args ...any) {
	d.Checks = append(d.Checks, finding{check, status, fmt.Sprintf(format, args...), hint})
}

func (g *globals) examine() *examination {
	d := doctor{&examination{OK: true}}
	d.machine()
	d.project(g)
	return d.examination
}

func (g *globals) writeExamination(x *examination) error {
	look := g.Sheet(g.Out)
	colors := map[string]string{healthOK: "32", healthWarn: "33", healthFail: "31"}
	var b strings.Builder
	width, counts := 0, map[string]int{}
	for _, f := range x.Checks {
		width = max(width, len(f.Check))
		counts[f.Status]++
	}
	for _, f := range x.Checks {
		fmt.Fprintf(&b, "%s  %s  %s\n", look.Paint(colors[f.Status], view.Pad(f.Status, 4, false)), view.Pad(f.Check, width, false), f.Text)
		if f.Hint != "" {
			fmt.Fprintf(&b, "%s-> %s\n", strings.Repeat(" ", width+8), f.Hint)
		}
	}
	switch {
	case !x.OK:
		fmt.Fprintf(&b, "%s\n", words.Plural(counts[healthFail], "check")+" failed")
	case counts[healthWarn] > 0:
		fmt.Fprintf(&b, "%s\n", words.Plural(counts[healthWarn], "warning"))
	default:
		b.WriteString("all is well\n")
	}
	_, err := fmt.Fprint(g.Out, b.String())
	return err
}
