package initfile

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/lhrun/lhrun/internal/config"
)

// readProcfiles reads Procfile.dev and Procfile, by the reader that `up` uses. Where
// both are here, the second is the one of a deployment: what it says otherwise is
// told.
func (d *Draft) readProcfiles() {
	for _, name := range []string{"Procfile.dev", "Procfile"} {
		if !exists(d.tree, name) {
			continue
		}
		p, err := config.Load(config.Options{File: filepath.Join(d.dir, name)})
		if err != nil {
			d.note(name, firstOf(err))
			continue
		}
		var found []service
		for _, s := range p.Services {
			found = append(found, process(s))
		}
		if len(d.services) > 0 {
			d.tell(name, found)
			continue
		}
		d.list(name, found)
	}
}

// firstOf is the first of several mistakes without its drawing.
func firstOf(err error) error {
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) && len(mistakes) > 0 {
		return fmt.Errorf("line %d: %s", mistakes[0].Pos.Line, mistakes[0].Msg)
	}
	return err
}

func process(p config.Service) service {
	s := service{name: p.Name, command: p.Command.Args[0].Raw, listed: p.Command.Args[0].Raw}
	if p.Task {
		s.task, s.manual, s.placed = true, true, true
		s.say("It is started only by name.")
	}
	if p.Port.Number != 0 {
		s.known = []int{p.Port.Number}
	}
	return s
}

// tell makes comments of processes that are known from another list.
func (d *Draft) tell(file string, found []service) {
	var entries []string
	for _, s := range found {
		if known := d.find(s.name); known == nil || known.listed != s.listed {
			entries = append(entries, s.name+": "+s.listed)
		}
	}
	d.isSource(file)
	d.lose(file, entries...)
}
