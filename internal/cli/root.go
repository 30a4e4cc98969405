// Package cli is lhrun's command line. It turns flags and arguments into calls on
// the packages below, and their answers into output and an exit code. A file that
// makes a command is cmd_<verb>.go; the others are nouns that verbs share.
//
// It hosts no run and words no fact: internal/run and internal/view do.
package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/spf13/cobra"
)

// globals is what every verb shares: the flags of the root, and the terminal.
type globals struct {
	run.Locate
	view.Terminal
	// exit ends this process at once, where the way out of a verb is blocked.
	exit func(code int)
	// printed says that facts were printed as JSON.
	printed bool
	// interrupted is the end by the signal that has broken the verb off; nil for none.
	interrupted atomic.Pointer[signalError]
}

// Main runs lhrun with args, which exclude the program's name, and returns the
// exit code. It does not return where a signal has ended the verb: this process dies of it.
func Main(args []string, t view.Terminal) int {
	if slices.Equal(args, []string{"--version"}) {
		args = []string{"version"} // as most programs have it
	}
	g := &globals{Terminal: t, exit: end}
	g.Warn = func(line string) { fmt.Fprintln(t.Err, "lhrun:", line) }
	root := newRoot(g, asked(args))
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	err = g.outcome(err)
	report(t.Err, err)
	g.reportJSON(cmd, args, err)
	if by, ok := errors.AsType[signalError](err); ok {
		end(signalCode(by.sig))
	}
	return exitCode(err)
}

// newRoot makes lhrun with the one verb that is asked for, or with all of them where
// that is none: to make those that nobody asked for took a tenth of a short verb.
func newRoot(g *globals, asked string) *cobra.Command {
	root := &cobra.Command{
		Use:   "lhrun",
		Short: "Run a project's services, each on its own port",
		Long: `lhrun starts the services that lhrun.toml (or a Procfile) describes, gives each
one a port of its own, and shows what they write in one stream.`,
		Example: `  lhrun init          write a first lhrun.toml
  lhrun check         validate it
  lhrun up            start everything, Ctrl-C stops it
  lhrun up -d         the same in the background; lhrun down stops it
  lhrun port api      the port of one service`,
		Args: verbArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return passJSON(cmd)
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		// -f is --file before a verb and --follow behind logs.
		TraverseChildren: true,
		CompletionOptions: cobra.CompletionOptions{
			DisableDefaultCmd: true,
		},
	}
	root.SetIn(g.In)
	root.SetOut(g.Out)
	root.SetErr(g.Err)
	root.SetHelpCommand(newHelp(g, root))
	root.SetHelpFunc(withTopics(root.HelpFunc()))
	root.SetFlagErrorFunc(flagError)
	g.addFlags(root)
	makers := verbMakers()
	if one := makers[asked]; one != nil {
		root.AddCommand(one(g))
		return root
	}
	for _, one := range makers {
		root.AddCommand(one(g))
	}
	return root
}

func verbMakers() map[string]func(*globals) *cobra.Command {
	return map[string]func(*globals) *cobra.Command{
		"up": newUp, "down": newDown, "start": newStart, "stop": newStop, "restart": newRestart,
		"plan": newPlan, "reload": newReload, "logs": newLogs, "ports": newPorts, "doctor": newDoctor,
		"ps": newPs, "graph": newGraph, "traffic": newTraffic, "wait": newWait, "why": newWhy, "events": newEvents,
		"run": newRun, "exec": newExec, "take": newTake, "attach": newAttach, "env": newEnv, "port": newPort, "url": newURL,
		"check": newCheck, "init": newInit, "serve": newServe,
		"open": newOpen, "inspect": newInspect, run.RelayVerb: newRelay,
		"trust": newTrust, "untrust": newUntrust,
		"version": newVersion, "completion": newCompletion,
	}
}

// asked is the first word of args behind lhrun's own flags; "" where it takes more
// to find out.
func asked(args []string) string {
	for len(args) > 0 {
		switch arg := args[0]; {
		case arg == "--no-color", arg == "--json", strings.HasPrefix(arg, "--color="):
			args = args[1:]
		case arg == "-f", arg == "--file", arg == "-C", arg == "--directory", arg == "--profile", arg == "--color":
			args = args[min(2, len(args)):]
		case strings.HasPrefix(arg, "-"):
			return ""
		default:
			return arg
		}
	}
	return ""
}

func (g *globals) addFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.StringVarP(&g.File, "file", "f", "", "read `FILE` instead of lhrun.toml")
	f.StringVarP(&g.Dir, "directory", "C", "", "look for it from `DIR` on")
	f.StringArrayVar(&g.Profiles, "profile", nil, "also start the services of profile `NAME`; may be repeated")
	f.Var(colorFlag{&g.Terminal}, "color", "colours: auto, always or never as `WHEN`")
	f.BoolVar(&g.NoColor, "no-color", false, "the same as --color never")
	root.Flags().Bool("json", false, "before a verb that prints facts: print JSON")
	cobra.CheckErr(root.MarkPersistentFlagDirname("directory"))
	cobra.CheckErr(root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colorWords, cobra.ShellCompDirectiveNoFileComp)))
	cobra.CheckErr(root.RegisterFlagCompletionFunc("profile", g.completeProfiles))
}
