package cli

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"
)

// addJSON gives a verb that prints facts its --json.
func addJSON(cmd *cobra.Command, to *bool) {
	cmd.Flags().BoolVar(to, "json", false, "print JSON")
}

// printJSON writes v as one line. URLs keep their ampersands.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
