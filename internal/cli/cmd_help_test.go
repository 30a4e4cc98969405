package cli

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestEveryHelpFitsIntoEightyColumns(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		var out bytes.Buffer
		cmd.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s --help: %d columns: %s", cmd.CommandPath(), n, line)
			}
		}
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(newRoot(&globals{}, ""))
}

func TestAVerbMadeAloneIsTheOneAmongAll(t *testing.T) {
	help := func(root *cobra.Command, verb ...string) string {
		cmd, _, err := root.Find(verb)
		if err != nil || cmd == root {
			t.Fatalf("%v: %v", verb, err)
		}
		var out bytes.Buffer
		root.SetOut(&out)
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	all := newRoot(&globals{}, "")
	for _, verb := range append(verbs(all), "ports who", "ports free") {
		if verb == "help" {
			continue
		}
		words := strings.Fields(verb)
		alone := newRoot(&globals{}, words[0])
		if n := len(verbs(alone)); n > 2 {
			t.Errorf("%s comes with %d verbs", verb, n)
		}
		if got, want := help(alone, words...), help(all, words...); got != want {
			t.Errorf("%s alone:\n%s\namong all:\n%s", verb, got, want)
		}
	}
}

func TestTheVerbIsFoundBehindEachOfLhrunsOwnFlags(t *testing.T) {
	root := newRoot(&globals{}, "")
	try := func(f *pflag.Flag) {
		for _, name := range []string{"--" + f.Name, "-" + f.Shorthand} {
			args := []string{name, "down"}
			if f.NoOptDefVal == "" {
				args = []string{name, "up", "down"}
			}
			if got := asked(args); name != "-" && got != "down" {
				t.Errorf("%q: got %q", args, got)
			}
		}
	}
	root.PersistentFlags().VisitAll(try)
	root.LocalNonPersistentFlags().VisitAll(try)
	for _, args := range [][]string{nil, {"-f"}, {"-C"}, {"--", "up"}, {"-h"}, {"--file=up", "down"}} {
		if got := asked(args); got != "" {
			t.Errorf("%q: got %q", args, got)
		}
	}
}
