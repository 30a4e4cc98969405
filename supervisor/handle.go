package supervisor

import (
	"strconv"
	"strings"
)

// Handle names an instance of a service, or a part of one, to a later program that
// has to end what this one left when it was killed: see EndLeftovers.
type Handle struct {
	Service string `json:"service"`
	// Process is set for a process. By Mark, the number in LHRUN_RUN behind the run's,
	// and Pipe, what it writes to, its descendants are found; both may be unknown.
	Process
	Mark uint64 `json:"mark,omitempty"`
	Pipe string `json:"pipe,omitempty"`
	// ID is set for what is no process, in the words of its runner.
	ID string `json:"id,omitempty"`
}

// list names handles for people: "pid 7", "pids 7 8".
func list(handles []Handle) string {
	var names []string
	pids := 0
	for _, h := range handles {
		name := h.ID
		if h.PID != 0 {
			name = strconv.Itoa(h.PID)
			pids++
		}
		names = append(names, name)
	}
	all := strings.Join(names, " ")
	switch {
	case pids == 0:
		return all
	case pids == 1:
		return "pid " + all
	}
	return "pids " + all
}

// Process names one process for ever: a pid may be used again, but not with the same
// Start, the kernel's time of its start without a unit.
type Process struct {
	PID   int    `json:"pid,omitempty"`
	Start uint64 `json:"start,omitempty"`
}

// Handles names every instance that was started and is not known to have ended. That is
// cheap. With parts it looks at the machine and names all that lives of them, such as the
// processes that a service has started in turn.
func (s *Supervisor) Handles(parts bool) []Handle {
	var all []Handle
	for name, i := range s.instances() {
		found := []Handle{i.Handle()}
		if parts {
			found = i.Parts(nil)
		}
		for _, h := range found {
			if h == (Handle{}) {
				continue // Nothing of it is lhrun's to end.
			}
			h.Service = name
			all = append(all, h)
		}
	}
	return all
}

// Usage returns what each service that runs uses.
func (s *Supervisor) Usage() map[string]Usage {
	all := make(map[string]Usage)
	for name, i := range s.instances() {
		if use, ok := i.Usage(); ok {
			all[name] = use
		}
	}
	return all
}

// instances are those of now by service; none after the loop's end.
func (s *Supervisor) instances() map[string]instance {
	return ofEach(s, func(u *unit) (instance, bool) {
		if u.attempt != nil && u.attempt.instance != nil {
			return u.attempt.instance, true
		}
		return u.remains, u.remains != nil
	})
}

// ofEach asks the loop for what get finds of each service; none after the loop's end.
func ofEach[T any](s *Supervisor, get func(*unit) (T, bool)) map[string]T {
	found := make(chan map[string]T, 1)
	s.post(func() {
		all := make(map[string]T)
		for _, u := range s.units {
			if v, ok := get(u); ok {
				all[u.Name] = v
			}
		}
		found <- all
	})
	select {
	case all := <-found:
		return all
	case <-s.done:
		return nil
	}
}

// Trees returns the living processes of each service that runs as processes which this
// user started or took: not of one that is external or run by hand outside.
func (s *Supervisor) Trees() map[string][]int {
	all := make(map[string][]int)
	for name, i := range s.instances() {
		if tree := i.Target().Tree; tree != nil {
			all[name] = tree()
		}
	}
	return all
}
