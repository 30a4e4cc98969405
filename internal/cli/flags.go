package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lhrun/lhrun/internal/view"
	"github.com/lhrun/lhrun/internal/words"
)

// flagError makes a flag that does not parse a usage error.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		text = wrongValue(bad, text)
	} else if none, ok := errors.AsType[*pflag.NotExistError](err); ok && none.GetSpecifiedShortnames() == "" {
		text += flagMeant(cmd, none.GetSpecifiedName())
	}
	if strings.Contains(cmd.Use, " -- ") { // It may be a flag of the command.
		text += fmt.Sprintf("; \"--\" goes before the command: %s", usageLine(cmd))
	}
	return usageError("%s; see %q", text, cmd.CommandPath()+" --help")
}

// wrongValue says what a flag takes, without the words of Go's parsers.
func wrongValue(bad *pflag.InvalidValueError, text string) string {
	flag := bad.GetFlag()
	switch flag.Value.Type() {
	case "duration":
		return fmt.Sprintf("--%s is a duration such as 10s or 1m30s, not %q", flag.Name, bad.GetValue())
	case "int":
		return fmt.Sprintf("--%s is a number, not %q", flag.Name, bad.GetValue())
	}
	return text
}

// flagMeant suggests the flag, or the verb, that --name was likely meant to be.
func flagMeant(cmd *cobra.Command, name string) string {
	if cmd.Parent() == nil && slices.Contains(verbs(cmd), name) {
		return fmt.Sprintf(", did you mean %q?", "lhrun "+name)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := words.Suggest(name, known); near != "" {
		return fmt.Sprintf(", did you mean %q?", "--"+near)
	}
	return ""
}

// verbArgs refuses what is no verb; lhrun itself takes no arguments.
func verbArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	meant := didYouMean(args[0], verbs(cmd))
	if verb := elsewhere(args); verb != "" {
		meant = fmt.Sprintf(", did you mean %q?", verb)
	}
	return usageError("unknown verb %q%s; see %q", args[0], meant, "lhrun --help")
}

// elsewhere is lhrun's verb for what programs of its kind call the first of words.
func elsewhere(words []string) string {
	switch words[0] {
	case "status", "list", "ls", "top", "stats":
		return "ps"
	case "quit", "kill", "rm":
		if len(words) > 1 {
			return strings.Join(append([]string{"stop"}, words[1:]...), " ")
		}
		return "down"
	case "config", "validate", "lint":
		return "check"
	case "tail":
		return "logs -f"
	}
	return ""
}

var colorWords = []string{"auto", "always", "never"}

// colorFlag sets when a terminal's output gets colours.
type colorFlag struct{ t *view.Terminal }

func (c colorFlag) Set(when string) error {
	if !slices.Contains(colorWords, when) {
		return errors.New("it is auto, always or never")
	}
	c.t.ForceColor, c.t.NoColor = when == "always", when == "never"
	return nil
}

func (c colorFlag) String() string {
	switch {
	case c.t == nil || !c.t.ForceColor && !c.t.NoColor:
		return "auto"
	case c.t.ForceColor:
		return "always"
	}
	return "never"
}

func (colorFlag) Type() string { return "string" }

// between asks for min to max arguments and describes them as the help does.
func between(min, max int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < min:
			return usageError("%s needs more: %s", cmd.Name(), usageLine(cmd))
		case len(args) > max:
			return usageError("%s does not take %q: %s", cmd.Name(), args[max], usageLine(cmd))
		}
		return nil
	}
}

func usageLine(cmd *cobra.Command) string {
	return cmd.Parent().CommandPath() + " " + cmd.Use
}

// didYouMean is a suggestion to append to a message, or nothing.
func didYouMean(word string, candidates []string) string {
	if s := words.Suggest(word, candidates); s != "" {
		return fmt.Sprintf(", did you mean %q?", s)
	}
	return ""
}

// addJSON gives a verb that prints facts its --json.
func addJSON(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON")
}

// passJSON hands a --json that stands before the verb on to it, so that both places
// mean the same.
func passJSON(cmd *cobra.Command) error {
	for parent := cmd.Parent(); parent != nil; parent = parent.Parent() {
		if f := parent.Flags().Lookup("json"); f == nil || !f.Changed {
			continue
		}
		if cmd.Flags().Lookup("json") == nil {
			return flagError(cmd, errors.New("unknown flag: --json"))
		}
		return cmd.Flags().Set("json", "true")
	}
	return nil
}
