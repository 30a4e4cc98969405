package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/help"
	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
)

// newHelp makes the help verb. Unlike cobra's own it knows topics, refuses an
// unknown name, and pages on a terminal.
func newHelp(g *globals, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [VERB|TOPIC]",
		Short: "Explain a verb or a topic",
		Long: `help explains a verb, as "lhrun VERB --help" does, or a topic. Where a verb and
a topic have the same name, help prints the verb, then the topic. Without a name
it lists all verbs and topics.

On a terminal the text goes through $PAGER, or less if that is not set. With
PAGER=cat or an empty PAGER it goes through none.`,
		Example: `  lhrun help exec       a verb
  lhrun help file       every key of lhrun.toml
  lhrun help | less     all verbs and topics`,
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := textAbout(root, args)
			if err != nil {
				return err
			}
			return g.page(text)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, noFiles
			}
			return subjects(root), noFiles
		},
	}
}

// textAbout returns the help of the verb that args name, and then the topic.
func textAbout(root *cobra.Command, args []string) (string, error) {
	var topic help.Topic
	if len(args) == 1 {
		topic, _ = help.Find(args[0])
	}
	cmd, rest, err := root.Find(args)
	isVerb := err == nil && len(rest) == 0
	switch {
	case !isVerb && topic.Name == "":
		return "", noHelp(root, args)
	case !isVerb:
		return topic.Text, nil
	}
	text, err := verbHelp(cmd)
	if err == nil && topic.Name != "" {
		text += "\n" + strings.Repeat("-", 80) + "\n" + topic.Text
	}
	return text, err
}

func verbHelp(cmd *cobra.Command) (string, error) {
	var out bytes.Buffer
	root := cmd.Root()
	before := root.OutOrStdout()
	defer root.SetOut(before)
	root.SetOut(&out)
	err := cmd.Help()
	return out.String(), err
}

// noHelp is the error for args that name neither a verb nor a topic.
func noHelp(root *cobra.Command, args []string) error {
	word := args[0]
	known := verbs(root)
	for _, t := range help.Topics() {
		known = append(known, t.Name)
	}
	meant := words.Suggest(word, known)
	if topic := help.Meant(word); topic != "" {
		meant = topic
	} else if slices.Contains(known, word) {
		meant = word // Only what follows it is unknown.
	}
	if meant != "" {
		return usageError("there is no help for %q, did you mean %q?; see %q", strings.Join(args, " "), "lhrun help "+meant, "lhrun help")
	}
	return usageError("there is no help for %q; see %q", strings.Join(args, " "), "lhrun help")
}

// withTopics adds the list of topics to lhrun's own help.
func withTopics(show func(*cobra.Command, []string)) func(*cobra.Command, []string) {
	return func(cmd *cobra.Command, args []string) {
		show(cmd, args)
		if cmd.HasParent() {
			return
		}
		out := cmd.OutOrStdout()
		fmt.Fprint(out, "\nTopics:\n")
		for _, t := range help.Topics() {
			fmt.Fprintf(out, "  %-*s %s\n", cmd.NamePadding(), t.Name, t.Summary)
		}
		fmt.Fprint(out, "\nUse \"lhrun help TOPIC\" to read one.\n")
	}
}

// subjects returns everything that help explains, each name once, with one line.
func subjects(root *cobra.Command) []cobra.Completion {
	var all []cobra.Completion
	for _, c := range root.Commands() {
		if !c.Hidden {
			all = append(all, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	names := verbs(root)
	for _, t := range help.Topics() {
		if !slices.Contains(names, t.Name) {
			all = append(all, cobra.CompletionWithDesc(t.Name, t.Summary))
		}
	}
	return all
}

// verbs are the names a user may type after lhrun.
func verbs(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// page shows text through the user's pager where the output is a terminal, as git
// does, and writes it otherwise.
func (g *globals) page(text string) error {
	if view.IsTerminal(g.Out) {
		if pager := pagerOf(os.LookupEnv); pager != "" && g.throughPager(pager, text) {
			return nil
		}
	}
	_, err := io.WriteString(g.Out, text)
	return err
}

// pagerOf returns the shell command that pages, "" for none.
func pagerOf(lookup func(string) (string, bool)) string {
	pager, set := lookup("PAGER")
	pager = strings.TrimSpace(pager)
	switch {
	case set && pager == "cat":
		return ""
	case set:
		return pager
	}
	if _, err := exec.LookPath("less"); err != nil {
		return ""
	}
	return "less"
}

// throughPager reports whether the pager ran. A user who quits it early has seen
// enough.
func (g *globals) throughPager(pager, text string) bool {
	cmd := exec.Command("sh", "-c", pager)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), g.Out, g.Err
	cmd.Env = pagerEnv(cmd.Environ())
	// Only the pager answers Ctrl-C: it has the terminal until it ends.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	err := cmd.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	if ended {
		code := exit.ExitCode()
		return code != exitNotFound && code != exitCannotExec
	}
	return err == nil
}

// pagerEnv adds git's defaults, unless the user has options of their own: less ends
// at once where the text fits on the screen, keeps colours and clears nothing.
func pagerEnv(env []string) []string {
	defaults := map[string]string{"LESS": "FRX", "LV": "-c"}
	for _, pair := range env {
		key, _, _ := strings.Cut(pair, "=")
		delete(defaults, key)
	}
	for key, value := range defaults {
		env = append(env, key+"="+value)
	}
	return env
}
