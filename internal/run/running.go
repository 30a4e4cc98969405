package run

import (
	"slices"

	"github.com/lhrun/lhrun/internal/config"
)

// find finds the project and what an up of it starts, and waits for the places of a run
// that goes on though they were removed.
func (o Options) find() (p *Project, wanted []string, err error) {
	if p, err = o.Find(); err != nil {
		return nil, nil, err
	}
	if r := p.RunsAs; r != nil {
		return nil, nil, &UsageError{&RenamedError{r.Checkout, r.PID, p.Name}}
	}
	if wanted, err = p.Select(o.Names, o.Profiles, o.NoDeps); err != nil {
		return nil, nil, err
	}
	if len(wanted) == 0 {
		return nil, nil, usageError("no service starts by itself here: name one, or a --profile")
	}
	if p.Project, err = o.inspect(p.Project); err != nil {
		return nil, nil, err
	}
	if !locked(p.Checkout) {
		p.awaitPlaces()
	}
	return p, wanted, nil
}

// inspect returns p with the services of Inspect inspected.
func (o Options) inspect(p *config.Project) (*config.Project, error) {
	inspected, err := inspecting(p, o.Inspect, true)
	return p.WithInspect(inspected), err
}

// inspecting says of names whether they are inspected. The error is a UsageError.
func inspecting(p *config.Project, names []string, on bool) (map[string]bool, error) {
	if slices.Contains(names, InspectAll) {
		names = p.Inspectable()
	}
	inspected := map[string]bool{}
	for _, name := range names {
		if err := p.CheckInspect(name); err != nil {
			return nil, &UsageError{err}
		}
		inspected[name] = on
	}
	return inspected, nil
}

// Running returns the run that Open would find in its way; nil for none. Wanted are the
// services that Open would start. It claims nothing.
func (o Options) Running() (running *RunningError, wanted []string, err error) {
	p, wanted, err := o.find()
	if err != nil {
		return nil, nil, err
	}
	i, err := InstanceOf(p.Checkout)
	if err != nil {
		return nil, nil, err
	}
	rec, err := i.record()
	if err != nil || !rec.Supervisor.Alive() || !rec.Guard.Alive() {
		return nil, wanted, nil
	}
	running = rec.running(p.Checkout)
	if err := sameDir(running); err != error(running) {
		return nil, nil, err
	}
	return running, wanted, nil
}
