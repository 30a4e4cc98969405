package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/lhrun/lhrun/"

// may says, for each package, which of ours it may import, itself or through
// others. What is not in it may import none.
var may = map[string][]string{
	"cmd/lhrun":         {"*"},
	"internal/bench":    {"*"},
	"internal/cli":      {"internal/initfile", "internal/watch", "internal/control", "internal/config", "internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/initfile": {"internal/config", "internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/control":  {"supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/config":   {"internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"supervisor":        {"ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
}

// TestArrowsGoOneWay keeps the rooms of the house apart, on every system.
func TestArrowsGoOneWay(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "freebsd"} {
		for _, p := range packages(t, goos) {
			from := strings.TrimPrefix(p.ImportPath, module)
			for _, dep := range p.Deps {
				to, ours := strings.CutPrefix(dep, module)
				allowed := may[from]
				if ours && !slices.Contains(allowed, to) && !slices.Contains(allowed, "*") {
					t.Errorf("%s: %s must not need %s", goos, from, to)
				}
			}
		}
	}
}

// TestSupervisorKnowsNoTerminal: nor TOML, nor flags.
func TestSupervisorKnowsNoTerminal(t *testing.T) {
	unknown := []string{"github.com/BurntSushi/toml", "github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "flag"}
	for _, p := range packages(t, "linux") {
		if from := strings.TrimPrefix(p.ImportPath, module); from != "supervisor" && from != "ports" {
			continue
		}
		for _, dep := range p.Deps {
			if slices.Contains(unknown, dep) {
				t.Errorf("%s must not need %s", p.ImportPath, dep)
			}
		}
	}
}

type goPackage struct {
	ImportPath string
	Deps       []string
}

// packages are those of this module, with all that they need.
func packages(t *testing.T, goos string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Deps", module+"...")
	cmd.Env = append(cmd.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Skip("the go command is needed:", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
