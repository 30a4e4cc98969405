package initfile

import (
	"path"
	"slices"
	"strings"
)

// readLists reads the files that list processes, the first of which wins where two
// name one. It reports whether any starts something.
func (d *Draft) readLists() bool {
	d.readProcfiles()
	d.readProcessCompose()
	d.readMprocs()
	if len(d.services) == 0 {
		d.readComposer()
	}
	return slices.ContainsFunc(d.services, func(s service) bool { return !s.off && !s.manual })
}

// list takes the processes of one file. One whose name is known is told, not taken.
func (d *Draft) list(file string, found []service) {
	for _, s := range found {
		s.from = file
		known := d.find(s.name)
		same := slices.IndexFunc(d.services, func(k service) bool { return sameCommand(k, s) })
		switch {
		case known != nil && sameCommand(*known, s), same >= 0:
		case known != nil:
			known.lose(s.name + ": " + s.listed + " (" + file + ")")
		case s.placed || s.off:
			d.isSource(file)
			d.services = append(d.services, s)
			continue
		default:
			d.isSource(file)
			d.services = append(d.services, d.split(s, 0)...)
			continue
		}
		d.isSource(file)
	}
}

// sameCommand compares what two lists say, not what became of it.
func sameCommand(a, b service) bool {
	return a.listed != "" && a.listed == b.listed && path.Clean(a.dir) == path.Clean(b.dir)
}

// join takes a service of a compose file. Where something else starts the project's
// programs, only its image programs are taken; the others lend their environment.
func (d *Draft) join(s service, listed bool) {
	known := d.find(s.name)
	if known != nil && known.off && s.image && d.replaces(known, s) {
		return
	}
	switch {
	case s.image && known == nil:
		if same := slices.IndexFunc(d.services, func(k service) bool { return k.image && k.name == s.name }); same >= 0 {
			return
		}
		d.services = append(d.services, s)
		if s.fills != nil {
			d.services = append(d.services, *s.fills)
		}
	case known != nil && known.image:
		known.lose(told(s)...)
	case known != nil && !s.image:
		known.lend(s)
	case known != nil:
		known.lose(told(s)...)
	case s.lenderOnly, listed && !s.off && d.isCovered(s):
		d.lenders = append(d.lenders, s)
	case s.off || s.placed:
		d.services = append(d.services, s)
	default:
		d.services = append(d.services, d.split(s, 0)...)
	}
}

// replaces puts s in the place of a process that only starts its container.
func (d *Draft) replaces(known *service, s service) bool {
	words, ok := shellWords(known.command)
	if !ok || !isContainers(values(words)) {
		return false
	}
	s.lose(known.from + ": " + known.command)
	*known = s
	if s.fills != nil {
		d.services = append(d.services, *s.fills)
	}
	return true
}

// isCovered tells that what s builds is what a list starts.
func (d *Draft) isCovered(s service) bool {
	if path.Clean(s.dir) == "." {
		return true
	}
	return slices.ContainsFunc(d.services, func(k service) bool {
		return !k.image && (path.Clean(k.dir) == path.Clean(s.dir) || strings.Contains(k.command, s.dir))
	})
}

// told is a service that another file starts otherwise, as comments.
func told(s service) []string {
	var entries []string
	if !s.off {
		entries = []string{s.from + " runs " + s.name + " by: " + strings.Join(strings.Fields(s.command), " ")}
	}
	if s.image {
		entries = []string{s.from + " has " + s.name + " as " + strings.TrimSuffix(strings.TrimPrefix(s.comment[0], "In place of "), ".")}
	}
	for _, e := range s.lost {
		entries = append(entries, s.from+": "+s.name+": "+e)
	}
	return entries
}

// lend gives k what a compose file knows of the same program.
func (k *service) lend(s service) {
	for _, v := range s.env {
		if has, ok := k.value(v.key); ok && has != v.value {
			k.lose(s.from + ": environment " + v.key + ": " + v.value)
		}
		k.set(v.key, v.value)
	}
	for _, e := range s.after {
		if !slices.ContainsFunc(k.after, func(o edge) bool { return o.name == e.name }) {
			k.after = append(k.after, e)
		}
	}
	for _, file := range s.envFiles {
		if !slices.Contains(k.envFiles, file) {
			k.envFiles = append(k.envFiles, file)
		}
	}
	if k.ready == "" && !k.quiet && !strings.Contains(s.ready, "exec") {
		k.ready = s.ready
	}
	k.known = append(k.known, s.known...)
	k.lose(told(s)...)
}

// lendAll gives the project's own programs what is known of a container that they
// replace: all of them, where it has the whole project.
func (d *Draft) lendAll() {
	for _, l := range d.lenders {
		lent := false
		for i := range d.services {
			k := &d.services[i]
			if k.image || k.off || path.Clean(l.dir) != "." && path.Clean(k.dir) != path.Clean(l.dir) {
				continue
			}
			if !lent {
				k.lend(l)
			} else {
				only := l
				only.lost = nil
				before := k.lost
				k.lend(only)
				k.lost = before
			}
			if !lent && k.quiet && slices.Contains(k.comment, maybeQuiet) && len(l.known) > 0 {
				k.quiet = false
			}
			lent = true
		}
		if !lent {
			d.lose(l.from, slices.Concat([]string{l.name + ": " + l.command}, l.lost)...)
		}
	}
}
