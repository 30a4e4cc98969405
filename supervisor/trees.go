package supervisor

// Process is one process of a service, told by Start, the kernel's time of its
// start without a unit, from a later one that has its pid. Mark and Pipe are by
// what the service's further processes can be known when nobody supervises them
// any more: the number in LHRUN_RUN behind the run's, and the pipe they write to.
type Process struct {
	Service string
	PID     int
	Start   uint64
	Mark    uint64
	Pipe    string
}

// Trees returns the live processes of each service that has some.
func (s *Supervisor) Trees() map[string][]int {
	trees := make(map[string][]int)
	for name, p := range s.live() {
		trees[name] = p.Tree()
	}
	return trees
}

// Leaders returns the processes that the supervisor itself has started and that
// are not known to have ended. It is cheap: nothing is looked at.
func (s *Supervisor) Leaders() []Process {
	var all []Process
	for name, p := range s.live() {
		id := p.ID()
		all = append(all, Process{name, id.PID, id.Start, p.Mark(), p.Pipe()})
	}
	return all
}

// Processes returns every live process of every service, for a record by which
// they are found when this program has been killed.
func (s *Supervisor) Processes() []Process {
	var all []Process
	for name, p := range s.live() {
		for _, id := range p.Members() {
			all = append(all, Process{name, id.PID, id.Start, p.Mark(), p.Pipe()})
		}
	}
	return all
}

// live are the processes of now; none after the loop's end.
func (s *Supervisor) live() map[string]process {
	found := make(chan map[string]process, 1)
	s.post(func() {
		live := make(map[string]process)
		for _, u := range s.units {
			if u.attempt != nil && u.attempt.proc != nil {
				live[u.Name] = u.attempt.proc
			}
		}
		found <- live
	})
	select {
	case live := <-found:
		return live
	case <-s.done:
		return nil
	}
}
