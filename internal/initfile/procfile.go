package initfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/config"
)

// readProcfile reports whether there is a Procfile with anything in it. It is
// read by the reader that `up` uses for one.
func (d *Draft) readProcfile(dir string, tree fs.FS) bool {
	for _, name := range []string{"Procfile.dev", "Procfile"} {
		if !exists(tree, name) {
			continue
		}
		p, err := config.Load(config.Options{File: filepath.Join(dir, name)})
		if err != nil {
			d.note(name, firstOf(err))
			continue
		}
		var found []service
		for _, s := range p.Services {
			found = append(found, process(s.Name, s.Command.Args[0].Raw))
		}
		d.add(name, found, d.hasName)
		return len(found) > 0
	}
	return false
}

// firstOf is the first of several mistakes without its drawing.
func firstOf(err error) error {
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) && len(mistakes) > 0 {
		return fmt.Errorf("line %d: %s", mistakes[0].Pos.Line, mistakes[0].Msg)
	}
	return err
}

func process(name, command string) service {
	s := service{name: name, command: command, quiet: !listens(name, command)}
	if s.quiet {
		s.comment = []string{"It seems to listen on nothing; if it does, take port = false out."}
	}
	return s
}
