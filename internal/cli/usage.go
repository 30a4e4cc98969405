package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
)

// flagError makes a flag that does not parse a usage error.
func flagError(cmd *cobra.Command, err error) error {
	return usageError("%v; see %q", err, cmd.CommandPath()+" --help")
}

// verbArgs refuses what is no verb; lhrun itself takes no arguments.
func verbArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError("unknown verb %q%s; see %q", args[0], didYouMean(args[0], verbs(cmd)), "lhrun --help")
}

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
	if s := config.Suggest(word, candidates); s != "" {
		return fmt.Sprintf(", did you mean %q?", s)
	}
	return ""
}
