package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	"internal/cli":      {"internal/journal", "internal/trust", "internal/front", "internal/relay", "internal/handoff", "internal/decode", "internal/traffic", "internal/fault", "internal/hostname", "internal/help", "internal/mask", "internal/run", "internal/view", "internal/initfile", "internal/watch", "internal/control", "internal/config", "internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/relay":    {"internal/journal", "internal/traffic", "internal/fault", "internal/decode", "internal/handoff", "internal/front", "internal/hostname", "internal/view", "internal/mask", "internal/control", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/handoff":  {"internal/fault"},
	"internal/front":    {"internal/journal", "internal/traffic", "internal/decode", "internal/hostname", "internal/view", "internal/mask", "internal/control", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/run":      {"internal/journal", "internal/trust", "internal/handoff", "internal/decode", "internal/traffic", "internal/fault", "internal/hostname", "internal/mask", "internal/watch", "internal/control", "internal/config", "internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/view":     {"internal/journal", "internal/traffic", "internal/decode", "internal/mask", "internal/control", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/initfile": {"internal/hostname", "internal/mask", "internal/config", "internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/traffic":  {"internal/decode", "internal/mask"},
	"internal/control":  {"internal/mask", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/journal":  {"supervisor", "ports", "internal/mask", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"internal/config":   {"internal/hostname", "internal/mask", "internal/dotenv", "supervisor", "ports", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
	"supervisor":        {"ports", "internal/mask", "internal/graph", "internal/proc", "internal/probe", "internal/logs"},
}

// ground may be imported by every other package, and imports none of ours.
var ground = []string{"internal/files", "internal/git", "internal/words"}

// TestArrowsGoOneWay keeps the rooms of the house apart, on every system.
func TestArrowsGoOneWay(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "freebsd"} {
		for _, p := range packages(t, goos) {
			from := strings.TrimPrefix(p.ImportPath, module)
			for _, dep := range p.Deps {
				to, ours := strings.CutPrefix(dep, module)
				allowed := may[from]
				if !slices.Contains(ground, from) {
					allowed = slices.Concat(allowed, ground)
				}
				if ours && !slices.Contains(allowed, to) && !slices.Contains(allowed, "*") {
					t.Errorf("%s: %s must not need %s", goos, from, to)
				}
			}
		}
	}
}

// commandLine are the packages of flags, and of terminals.
var commandLine = []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "flag"}

// TestSupervisorKnowsNoTerminal: nor TOML, nor flags.
func TestSupervisorKnowsNoTerminal(t *testing.T) {
	needNone(t, append([]string{"github.com/BurntSushi/toml"}, commandLine...), "supervisor", "ports")
}

// TestTheHostOfARunKnowsNoTerminal: a test, a page or a server can host one.
func TestTheHostOfARunKnowsNoTerminal(t *testing.T) {
	needNone(t, append([]string{module + "internal/cli", module + "internal/view"}, commandLine...), "internal/run")
}

// TestViewsKnowNoCommandLine: nor the host of a run, so that any view can use their
// sentences.
func TestViewsKnowNoCommandLine(t *testing.T) {
	needNone(t, []string{module + "internal/cli", module + "internal/run", "github.com/spf13/cobra", "github.com/spf13/pflag"}, "internal/view")
}

// needNone checks that the packages from need none of unknown.
func needNone(t *testing.T, unknown []string, from ...string) {
	t.Helper()
	found := 0
	for _, p := range packages(t, "linux") {
		if !slices.Contains(from, strings.TrimPrefix(p.ImportPath, module)) {
			continue
		}
		found++
		for _, dep := range p.Deps {
			if slices.Contains(unknown, dep) {
				t.Errorf("%s must not need %s", p.ImportPath, dep)
			}
		}
	}
	if found != len(from) {
		t.Errorf("%d of %q are there", found, from)
	}
}

// mostFiles is how many files the command line may have, tests not counted: half of them
// make a command each, and what does not fit belongs into a room below.
const mostFiles = 70

func TestTheCommandLineStaysSmall(t *testing.T) {
	if files := sources(t, "../../internal/cli"); len(files) > mostFiles {
		t.Errorf("internal/cli has %d files, not at most %d", len(files), mostFiles)
	}
}

// TestAFileThatMakesACommandIsNamedAfterIt, so that a verb is found by its name.
func TestAFileThatMakesACommandIsNamedAfterIt(t *testing.T) {
	for name, text := range sources(t, "../../internal/cli") {
		makes := strings.Contains(text, "&cobra.Command{")
		if named := strings.HasPrefix(name, "cmd_"); makes != named && name != "root.go" {
			t.Errorf("%s makes a command: %v", name, makes)
		}
	}
}

// TestVerbsThatWaitShareOneLoopAndOneMirror: a verb is a policy of the one follower, and
// control.Mirror alone folds events into a state.
func TestVerbsThatWaitShareOneLoopAndOneMirror(t *testing.T) {
	loops := 0
	for name, text := range sources(t, "../../internal/cli") {
		loops += strings.Count(text, "time.NewTicker(")
		if strings.Contains(text, ".Services[i] =") || strings.Contains(text, "map[string]control.Service") {
			t.Errorf("%s keeps a state of services of its own", name)
		}
	}
	if loops != 1 {
		t.Errorf("internal/cli has %d loops with a clock, want the follower's alone", loops)
	}
}

// proseRead finds code that takes a reason or a text apart to learn a fact.
var proseRead = regexp.MustCompile(`(Has|Cut|Trim)(Prefix|Suffix)\([^()]*\.(Reason|Text)\b|strings\.Contains\([^()]*\.(Reason|Text)\b`)

// TestNobodyReadsFactsOutOfProse: what a program has to know of a service or an event is
// a field of its own.
func TestNobodyReadsFactsOutOfProse(t *testing.T) {
	for _, room := range []string{"cli", "view", "run", "control"} {
		for name, text := range sources(t, "../../internal/"+room) {
			if found := proseRead.FindString(text); found != "" {
				t.Errorf("internal/%s/%s: %s", room, name, found)
			}
		}
	}
}

// TestTheHostOfARunNeverEndsTheProcess: whoever hosts it decides that.
func TestTheHostOfARunNeverEndsTheProcess(t *testing.T) {
	for name, text := range sources(t, "../../internal/run") {
		if strings.Contains(text, "os.Exit") {
			t.Errorf("%s ends the process", name)
		}
	}
}

// sources are the files of a directory by name, without tests.
func sources(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(paths), err)
	}
	files := map[string]string{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(text)
	}
	return files
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
