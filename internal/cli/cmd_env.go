package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/lhrun/lhrun/internal/words"
	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/view"
)

func newEnv(g *globals) *cobra.Command {
	var format string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "env [SERVICE]",
		Short: "Print the variables that lhrun sets",
		Long: `env prints the variables that lhrun adds to the environment it was started in:
those of every service, or those that SERVICE sees. They are the same whether
the project runs or not.

Formats: plain (KEY=value as it is), dotenv (lines of a .env file, quoted where
they need it), shell (lines for eval), json (one object).`,
		Example: `  lhrun env api
  eval "$(lhrun env --format shell)"
  lhrun env api --json | jq -r .DATABASE_URL`,
		Args:              between(0, 1),
		ValidArgsFunction: g.completeService,
		RunE: func(_ *cobra.Command, args []string) error {
			if asJSON {
				format = "json"
			}
			write, err := envWriter(format)
			if err != nil {
				return err
			}
			p, err := g.Open()
			if err != nil {
				return err
			}
			service := strings.Join(args, "")
			if err := p.Known(service); err != nil {
				return err
			}
			vars, _ := p.Resolved.Own(service)
			return write(g.Out, vars)
		},
	}
	cmd.Flags().StringVar(&format, "format", "plain", "`FORMAT`: "+strings.Join(envFormats, ", "))
	cobra.CheckErr(cmd.RegisterFlagCompletionFunc("format",
		cobra.FixedCompletions(envFormats, noFiles)))
	addJSON(cmd, &asJSON)
	return cmd
}

var envFormats = []string{"plain", "dotenv", "shell", "json"}

// envWriter is the writer of KEY=value pairs that format names.
func envWriter(format string) (func(io.Writer, []string) error, error) {
	switch format {
	case "plain":
		return writePlain, nil
	case "dotenv":
		return writeDotenv, nil
	case "shell":
		return writeShell, nil
	case "json":
		return writeEnvJSON, nil
	default:
		return nil, usageError("unknown format %q%s; it is one of %s",
			format, didYouMean(format, envFormats), strings.Join(envFormats, ", "))
	}
}

func writePlain(w io.Writer, vars []string) error {
	_, err := io.WriteString(w, strings.Join(append(vars, ""), "\n"))
	return err
}

func writeDotenv(w io.Writer, vars []string) error {
	list := make([]dotenv.Pair, len(vars))
	for i, kv := range vars {
		list[i].Key, list[i].Value, _ = strings.Cut(kv, "=")
	}
	text, err := dotenv.Format(list)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// writeShell leaves out names that no shell can hold as a variable: export would
// refuse the line, or worse, run it.
func writeShell(w io.Writer, vars []string) error {
	var b strings.Builder
	for _, kv := range vars {
		key, value, _ := strings.Cut(kv, "=")
		if dotenv.IsName(key) {
			fmt.Fprintf(&b, "export %s=%s\n", key, words.ShellQuote(value))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeEnvJSON(w io.Writer, vars []string) error {
	object := make(map[string]string, len(vars))
	for _, kv := range vars {
		key, value, _ := strings.Cut(kv, "=")
		object[key] = value
	}
	return view.PrintJSON(w, object)
}
