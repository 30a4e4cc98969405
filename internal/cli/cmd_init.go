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
	"github.com/lhrun/lhrun/internal/words"
)

func newInit(g *globals) *cobra.Command {
	var toStdout bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first lhrun.toml from what is here",
		Long: `init writes lhrun.toml (or the file of -f) in the current directory, drafted
from what it finds there. Commands come from Procfile.dev, Procfile,
process-compose.yaml, mprocs.yaml, composer.json or package.json (workspaces,
concurrently and turbo too), else from bin/rails, config.ru, manage.py, Flask,
FastAPI, go.mod, Cargo.toml, Maven or Gradle. Databases and environment come
from compose files (with those of development merged over them), .devcontainer,
Dockerfiles and .env.

What a source says is a key of the draft, a comment "not taken over: …", or a
question above the service. A file that exists is left alone (exit 2).`,
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
		_, err := fmt.Fprintf(g.Out, "wrote %s; nothing here names a service, so its command is still to be written\n", path)
		return err
	}
	fmt.Fprintf(g.Out, "wrote %s from %s; \"lhrun check\" shows what it starts\n", path, strings.Join(draft.Sources, ", "))
	if questions, lost := draft.Open(); questions+lost > 0 {
		fmt.Fprintf(g.Out, "its comments ask %s, and tell of %s not taken over\n", words.Plural(questions, "question"), words.Plural(lost, "value"))
	}
	return nil
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
