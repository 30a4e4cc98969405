package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/trust"
	"github.com/lhrun/lhrun/internal/view"
)

// trustReport is what trust --json and untrust --json print.
type trustReport struct {
	OK     bool            `json:"ok"`
	CA     *authority      `json:"ca"`
	Stores []trust.Verdict `json:"stores"`
}

// authority describes the CA, whose root is in File.
type authority struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"`
	Expires     time.Time `json:"expires"`
	File        string    `json:"file"`
}

func newTrust(g *globals) *cobra.Command {
	var check, asJSON bool
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "Make browsers accept https on this machine",
		Long: `trust makes a CA of your own and puts it where your browsers look: the NSS
databases of Chromium, Chrome and every Firefox profile, also those of snap and
flatpak, and on macOS the login keychain. It needs no root. Each line says what
a store itself says afterwards. For the system's store it prints the command and
runs nothing. Run it again after you have installed another browser.

The CA can vouch for localhost, names below it and loopback addresses, and for
nothing else. "lhrun untrust" takes it out again. See "lhrun help trust".

Exit codes: 1 when the CA is not in every store. The system's does not count.`,
		Example: `  lhrun trust
  lhrun trust --check && echo browsers accept it`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			do := trust.Install
			if check {
				do = trust.Check
			}
			dir, err := trust.Dir()
			if err != nil {
				return err
			}
			x := trustReport{OK: true, Stores: []trust.Verdict{}}
			a, err := do(cmd.Context(), dir, func(v trust.Verdict) {
				x.OK = x.OK && (v.In || v.Optional)
				g.tellStore(&x, v, v.In, asJSON)
			})
			if err == nil {
				x.CA = &authority{a.Name(), a.Fingerprint(), a.Root().NotAfter, trust.RootFile(dir)}
			}
			x.OK = x.OK && err == nil
			return g.endTrust(x, err, asJSON)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "change nothing: is the CA in every store?")
	addJSON(cmd, &asJSON)
	return cmd
}

func newUntrust(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "untrust",
		Short: "Take out again what trust has put anywhere",
		Long: `untrust takes the CA of "lhrun trust", and those that it replaced, out of every
store, by their fingerprints, and removes their files. Nothing else in the
stores changes. What it cannot take out it remembers for the next time.

Exit codes: 1 when a CA is still in some store.`,
		Example: "  lhrun untrust",
		Args:    between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := trust.Dir()
			if err != nil {
				return err
			}
			x := trustReport{Stores: []trust.Verdict{}}
			left, err := trust.Remove(cmd.Context(), dir, func(v trust.Verdict) {
				g.tellStore(&x, v, !v.In, asJSON)
			})
			switch {
			case errors.Is(err, fs.ErrNotExist) && !asJSON:
				_, err := fmt.Fprintln(g.Out, "there is nothing to take out: \"lhrun trust\" was never run")
				return err
			case errors.Is(err, fs.ErrNotExist):
				err = nil
			case !asJSON:
				g.warnRuns()
				if err == nil && len(x.Stores) == 0 {
					fmt.Fprintln(g.Out, "it was in no store; its files are removed")
				}
			}
			x.OK = !left && err == nil
			return g.endTrust(x, err, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

// tellStore keeps what a store says for JSON, and otherwise prints it.
func (g *globals) tellStore(x *trustReport, v trust.Verdict, good, asJSON bool) {
	x.Stores = append(x.Stores, v)
	if asJSON {
		return
	}
	look, color, word := g.Sheet(g.Out), "31", healthFail
	switch {
	case good:
		color, word = "32", healthOK
	case v.Optional:
		color, word = "33", "note"
	}
	fmt.Fprintf(g.Out, "%s  %s (%s): %s\n", look.Paint(color, view.Pad(word, 4, false)), v.Store, v.Path, v.Text)
	if v.Hint != "" {
		fmt.Fprintf(g.Out, "      -> %s\n", v.Hint)
	}
}

// endTrust prints what is the same for all stores, and ends with the exit code.
func (g *globals) endTrust(x trustReport, err error, asJSON bool) error {
	if asJSON {
		err = errors.Join(err, view.PrintJSON(g.Out, x))
	} else if x.CA != nil {
		fmt.Fprintf(g.Out, "%s is good until %s; a browser that runs sees a change when it is started again\n",
			x.CA.Name, x.CA.Expires.Format(time.DateOnly))
	}
	if err == nil && !x.OK {
		return exitError{exitFailed, nil}
	}
	return err
}

// warnRuns names the runs whose services have variables that name the removed files.
func (g *globals) warnRuns() {
	for _, r := range run.List() {
		if r.Alive {
			g.Warn(fmt.Sprintf("services of %s (%s) have variables that name the removed files: \"lhrun -C %s reload\" takes them away",
				r.Checkout.Project, r.Checkout.Instance, r.Checkout.Dir))
		}
	}
}
