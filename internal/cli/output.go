package cli

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"
)

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

// printJSON writes v as one line. URLs keep their ampersands.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
