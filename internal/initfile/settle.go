package initfile

import (
	"slices"

	"github.com/lhrun/lhrun/internal/graph"
)

// settle makes the draft one that passes every check: names are unique, nothing
// waits for what will not be there or, through others, for itself.
func (d *Draft) settle() {
	byName := d.rename()
	wanted := make([][]edge, len(d.services))
	for i := range d.services {
		wanted[i], d.services[i].after = d.services[i].after, nil
	}
	for i := range d.services {
		s := &d.services[i]
		for _, e := range wanted[i] {
			to := byName[e.name]
			switch {
			case to == nil:
			case d.mayWaitFor(s, to):
				s.after = append(s.after, edge{to.name, to.condition(e.condition)})
			case to.off:
				s.comment = append(s.comment, "It waits for "+to.name+" once that is no comment any more.")
			}
		}
	}
	pointAtServices(d.services)
}

// rename gives every service a name that is valid and its own, and returns them by
// the names that their sources gave them.
func (d *Draft) rename() map[string]*service {
	taken := map[string]bool{"LHRUN": true} // lhrun's own lines have that name
	byName := make(map[string]*service)
	for i := range d.services {
		s := &d.services[i]
		s.source = s.name
		s.name = unique(serviceName(s.name), taken)
		byName[s.source] = s
	}
	return byName
}

// mayWaitFor refuses what waits for s, what s waits for already, and what will not
// be there.
func (d *Draft) mayWaitFor(s, to *service) bool {
	if slices.ContainsFunc(s.after, func(e edge) bool { return e.name == to.name }) {
		return false
	}
	return s.off || !to.off && !slices.Contains(graph.Closure([]string{to.name}, d.after), s.name)
}

// after are the names that the service of that name waits for.
func (d *Draft) after(name string) []string {
	var names []string
	for _, s := range d.services {
		if s.name == name {
			for _, e := range s.after {
				names = append(names, e.name)
			}
		}
	}
	return names
}

// condition is what s can be waited for. Waiting for its end makes it a task.
func (s *service) condition(wanted string) string {
	if wanted != "completed" {
		return wanted
	}
	s.task = s.url == "" && len(s.ports) == 0
	if !s.task {
		return ""
	}
	return wanted
}
