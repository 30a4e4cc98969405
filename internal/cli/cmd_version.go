package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says what this executable was made from.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

func newVersion(g *globals) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  lhrun version\n  lhrun version --json",
		Args:    between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			if asJSON {
				return g.printJSON(b)
			}
			_, err := fmt.Fprintln(g.Out, b)
			return err
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func readBuild() build {
	b := build{Version: "unknown", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (b build) String() string {
	s := fmt.Sprintf("lhrun %s %s %s/%s", b.Version, b.Go, b.OS, b.Arch)
	if len(b.Revision) >= 12 {
		s += " " + b.Revision[:12]
	}
	if b.Modified {
		s += " modified"
	}
	return s
}
