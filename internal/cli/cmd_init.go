package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/initfile"
)

func newInit(g *globals) *cobra.Command {
	var toStdout bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first lhrun.toml from what is here",
		Long: `init writes lhrun.toml (or the file of -f) in the current directory, drafted
from what it finds there: Procfile, compose.yaml, package.json with its
workspaces, go.mod, manage.py, bin/rails, config.ru. What it does not know how
to run becomes a comment. A file that exists is left alone (exit 2).`,
		Example: "  lhrun init\n  lhrun init --stdout | less",
		Args:    between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			draft, err := initfile.Read(g.Dir)
			if err != nil {
				return usageError("cannot look for services: %w", err)
			}
			for _, note := range draft.Notes {
				fmt.Fprintln(g.Err, "lhrun: left out", note)
			}
			if toStdout {
				_, err := g.Out.Write(draft.TOML())
				return err
			}
			return g.writeDraft(draft)
		},
	}
	cmd.Flags().BoolVar(&toStdout, "stdout", false, "print it instead of writing it")
	return cmd
}

// writeDraft writes the file and says where it came from.
func (g *globals) writeDraft(draft *initfile.Draft) error {
	name := g.File
	if name == "" {
		name = config.FileName
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(g.Dir, name)
	}
	if err := writeNew(path, draft.TOML()); errors.Is(err, fs.ErrExist) {
		return usageError("%s exists, and init never overwrites; see %q", path, "lhrun init --stdout")
	} else if err != nil {
		return err
	}
	if len(draft.Sources) == 0 {
		_, err := fmt.Fprintf(g.Out, "wrote %s with an example, as nothing here names a service; put your command in\n", path)
		return err
	}
	_, err := fmt.Fprintf(g.Out, "wrote %s from %s; \"lhrun check\" shows what it starts\n", path, strings.Join(draft.Sources, ", "))
	return err
}

// writeNew leaves nothing behind when it cannot write all of data.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(path)
	}
	return err
}
