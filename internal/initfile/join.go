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
		d.isSource(file)
		known := d.find(s.name)
		same := slices.IndexFunc(d.services, func(k service) bool { return sameCommand(k, s) })
		switch {
		case same >= 0:
			d.services[same].lend(s)
		case known != nil:
			known.lose(told(s)...)
		case s.placed || s.off:
			d.services = append(d.services, s)
		default:
			d.provide(&s)
			d.services = append(d.services, d.split(s, 0)...)
		}
	}
}

// provide runs a program that the package of the directory brings along by the
// package's manager: whoever started the list had it in PATH.
func (d *Draft) provide(s *service) {
	m, err := readManifest(d.tree, path.Clean(s.dir))
	if words, ok := shellWords(s.command); err == nil && ok {
		if command := m.withManager(packageManager(d.tree, path.Clean(s.dir)), words); command != joined(words) {
			s.command = command
		}
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

// isCovered reports whether what s builds is what a list starts.
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
	how := "by: " + strings.Join(strings.Fields(s.command), " ")
	if s.listed != "" {
		how = "by: " + strings.ReplaceAll(s.listed, "{{{{", "{{")
	}
	if s.image {
		how = "as " + strings.TrimSuffix(strings.TrimPrefix(s.comment[0], "In place of "), ".")
	}
	return append([]string{s.from + " runs " + s.name + " " + how}, s.remains()...)
}

// remains are what was read of s and what was not, as comments, without its command
// and the keys that are taken.
func (s service) remains(taken ...string) []string {
	var entries []string
	for _, kv := range s.values() {
		if kv.key != "command" && !slices.Contains(taken, kv.key) {
			entries = append(entries, s.from+": "+s.name+": "+kv.key+" = "+strings.Join(strings.Fields(kv.value), " "))
		}
	}
	for _, e := range s.lost {
		entries = append(entries, s.from+": "+s.name+": "+e)
	}
	return entries
}

// lend gives k what another file knows of the same program.
func (k *service) lend(s service) {
	if !sameCommand(*k, s) && !s.off {
		k.lose(s.from + " runs " + s.name + " by: " + strings.Join(strings.Fields(s.command), " "))
	}
	k.borrow(s)
	taken := []string{"env", "env_file", "depends_on", "working_dir", "port"}
	if k.ready == s.ready {
		taken = append(taken, "ready")
	}
	k.lose(s.remains(taken...)...)
}

// borrow takes the environment of s over, and what s waits for.
func (k *service) borrow(s service) {
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
			if lent {
				k.borrow(l)
			} else {
				k.lend(l)
			}
			if !lent && k.quiet && slices.Contains(k.comment, maybeQuiet) && len(l.known) > 0 {
				k.quiet = false
			}
			lent = true
		}
		if !lent {
			d.lose(l.from, told(l)...)
		}
	}
}
