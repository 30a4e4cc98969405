package config

import (
	"errors"
	"slices"
	"testing"
)

// What only the environment shows is told with what the file alone shows.
func TestMistakesOfTheEnvironmentAreToldInTheSameRound(t *testing.T) {
	tree(t, map[string]string{
		"lhrun.toml": `colour = 1
[services.api]
command = "serve {{env.KEY}} {{env.GOOD}} {{env.HOME}}"
url = "http://{{web.url}}"
env = { A = "{{env.NONE}}" }
env_file = ["missing.env", "own.env"]
[services.web]
command = "serve"
url = "{{api.url}}"
external = "http://{{db.host}}"
`,
		"own.env": "'",
		".env":    "GOOD=1\n=bad\nREQUIRED=${OTHER:?is needed}\n",
	})
	tell := func(environ []string) []string {
		t.Helper()
		_, err := Load(Options{Environ: environ})
		mistakes, ok := errors.AsType[Mistakes](err)
		if !ok {
			t.Fatal(err)
		}
		var at []string
		for _, m := range mistakes {
			at = append(at, m.Pos.String())
		}
		return at
	}
	alone := tell(nil)
	all := tell([]string{"HOME=/root"})
	for _, pos := range []string{".env:2:1", "own.env:1:1", "lhrun.toml:3:18", "lhrun.toml:5:14"} {
		if slices.Contains(alone, pos) || !slices.Contains(all, pos) {
			t.Errorf("%s: without the environment %q, with it %q", pos, alone, all)
		}
	}
	if len(all) != len(alone)+4 {
		t.Errorf("without the environment %q, with it %q", alone, all)
	}
}

// A bad line of a .env does not make the variables of its good lines unset.
func TestABadLineLeavesTheOtherVariablesSet(t *testing.T) {
	_, err := resolveIn(t, map[string]string{
		"lhrun.toml": "[services.api]\ncommand = \"serve {{env.GOOD}}\"\n",
		".env":       "GOOD=1\n=bad\n",
	})
	if mistakes, ok := errors.AsType[Mistakes](err); !ok || len(mistakes) != 1 || mistakes[0].Pos.File != ".env" {
		t.Errorf("%v", err)
	}
}
