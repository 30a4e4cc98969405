package initfile

import (
	"slices"
	"strconv"
	"strings"

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
		for _, e := range d.withSeeds(s, wanted[i]) {
			to := byName[e.name]
			switch {
			case to == nil:
				s.lose("depends_on: " + e.name)
			case to == s:
			case d.mayWaitFor(s, to):
				s.after = append(s.after, edge{to.name, to.condition(e.condition), e.restart})
			case to.off:
				s.say("It waits for " + to.name + " once that is no comment any more.")
			case !slices.ContainsFunc(s.after, func(k edge) bool { return k.name == to.name }):
				s.lose("depends_on: " + to.name + ", which waits for " + s.name)
			}
		}
	}
	for i := range d.services {
		d.services[i].fit()
	}
	d.uniquePorts()
	for i := range d.services {
		d.rewriteAddresses(&d.services[i])
	}
	for i := range d.services {
		d.services[i].usualPort()
	}
	d.point()
	d.keepDotenvOut()
	d.remarkData()
}

// rename gives every service a name that is valid and its own, and returns them by
// the names that their sources gave them.
func (d *Draft) rename() map[string]*service {
	// lhrun's own lines have the first name, and templates the others.
	taken := map[string]bool{"LHRUN": true, "ENV": true, "PORTS": true}
	byName := make(map[string]*service)
	for i := range d.services {
		s := &d.services[i]
		s.source = s.name
		s.name = unique(serviceName(s.name), taken)
		if s.name != s.source {
			s.command = strings.ReplaceAll(s.command, "{{"+s.source+".", "{{"+s.name+".")
		}
		if byName[s.source] == nil {
			byName[s.source] = s
		}
	}
	for i := range d.services {
		s := &d.services[i]
		if to := byName[s.seeds]; s.seeds != "" && to != nil {
			s.command = strings.ReplaceAll(s.command, "{{"+to.source+".", "{{"+to.name+".")
		}
	}
	return byName
}

// withSeeds has the tasks that fill what s waits for among what it waits for.
func (d *Draft) withSeeds(s *service, wanted []edge) []edge {
	all := slices.Clone(wanted)
	for _, e := range wanted {
		for _, k := range d.services {
			if k.seeds != "" && k.seeds == e.name && k.name != s.name && s.seeds == "" {
				all = append(all, edge{name: k.source, condition: "completed"})
			}
		}
	}
	return all
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
	s.task = s.task || s.url == "" && len(s.ports) == 0 && !s.image && s.fixed == 0
	if !s.task {
		return ""
	}
	return wanted
}

// fit drops what a task has not, and what needs a port of one that has none.
func (s *service) fit() {
	if s.task {
		if s.ready != "" {
			s.lose("ready = " + strings.ReplaceAll(s.ready, "\n", " "))
		}
		s.ready, s.ports, s.restart, s.fixed = "", nil, "", 0
		s.comment = slices.DeleteFunc(s.comment, func(l string) bool { return l == ownPort || l == maybeQuiet })
	}
	if s.quiet && (strings.Contains(s.ready, "http = \"/") || strings.Contains(s.ready, "tcp = true") || strings.Contains(s.ready, "grpc")) {
		s.quiet = false
		s.comment = slices.DeleteFunc(s.comment, func(l string) bool { return l == maybeQuiet })
	}
	if s.quiet {
		s.ports = nil
	}
	s.comment = once(s.comment)
	s.lost = once(s.lost)
}

func once(lines []string) []string {
	var kept []string
	for _, l := range lines {
		if !slices.Contains(kept, l) {
			kept = append(kept, l)
		}
	}
	return kept
}

// uniquePorts gives two services that are fixed on one port different ones: the second
// has to be told.
func (d *Draft) uniquePorts() {
	owner := map[int]string{}
	for i := range d.services {
		s := &d.services[i]
		if s.off || s.fixed == 0 {
			continue
		}
		if first, taken := owner[s.fixed]; taken {
			s.say("It would listen on " + strconv.Itoa(s.fixed) + ", which is the port of " + first + ".")
			s.fixed = 0
			continue
		}
		owner[s.fixed] = s.name
	}
}

// unique tells names apart that would share a variable: a-b and A_B both become
// A_B_PORT.
func unique(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[variableName(free)]; n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	taken[variableName(free)] = true
	return free
}

// serviceName makes s fit [a-zA-Z0-9][a-zA-Z0-9_-]*.
func serviceName(s string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
			return c
		}
		return '-'
	}, s)
	if clean = strings.Trim(clean, "-_"); clean == "" {
		return "service"
	}
	return clean
}

// projectName makes a directory's name fit [a-z0-9-], or is "".
func projectName(s string) string {
	clean := strings.Map(func(c rune) rune {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			return c
		}
		return '-'
	}, strings.ToLower(s))
	return strings.Trim(clean, "-")
}

// remarkData asks to keep .data out of the repository.
func (d *Draft) remarkData() {
	uses := slices.ContainsFunc(d.services, func(s service) bool { return !s.off && strings.Contains(s.command, ".data") })
	ignored, _ := readFile(d.tree, ".gitignore")
	if uses && !slices.Contains(strings.Fields(string(ignored)), ".data") && !slices.Contains(strings.Fields(string(ignored)), ".data/") && !slices.Contains(strings.Fields(string(ignored)), "/.data/") {
		d.remarks = append(d.remarks, "Data lies below .data; put that into .gitignore.")
	}
}
