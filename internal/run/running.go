package run

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
	if !locked(p.Checkout) {
		p.awaitPlaces()
	}
	return p, wanted, nil
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
