package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/supervisor"
)

// What a Change does.
const (
	DoAdd     = "add"
	DoRemove  = "remove"
	DoRestart = "restart"
	// DoUpdate changes something about a service that its process need not be
	// restarted for.
	DoUpdate = "update"
)

// Change is what becomes of one service when a project is resolved anew. Causes
// name what differs, never a value: it may be a secret.
type Change struct {
	Do      string
	Service string
	Causes  []string
}

// Diff returns what differs between two states of one project, in the order of the
// newer one, removed services last. Comments, order and indentation do not matter,
// and neither do variables about services that a service does not depend on: adding
// one restarts no other.
//
// statuses are those of the older state. A service that nobody wants up does not
// restart; one that has failed or cannot become ready restarts for any change. A
// service without a status counts as ready. Those of again that are wanted restart though
// nothing differs.
func Diff(older, newer *Resolved, statuses []supervisor.Status, again ...string) []Change {
	d := differ{newer: newer, before: servicesByName(older), statuses: map[string]supervisor.Status{}}
	for _, st := range statuses {
		d.statuses[st.Name] = st
	}
	for _, svc := range newer.Services {
		old, known := d.before[svc.Name]
		if !known {
			d.changes = append(d.changes, Change{DoAdd, svc.Name, []string{"new in the file"}})
		} else if c, differs := compare(older.of(svc.Name), newer.of(svc.Name), old, svc); differs {
			d.changes = append(d.changes, d.forStatus(c))
		}
	}
	after := servicesByName(newer)
	for _, svc := range older.Services {
		if _, kept := after[svc.Name]; !kept {
			d.changes = append(d.changes, Change{DoRemove, svc.Name, []string{"no longer in the file"}})
		} else if slices.Contains(again, svc.Name) && d.wanted(svc.Name) && !d.does(DoRestart, svc.Name) {
			d.changes = carried(d.changes, svc.Name, "asked for")
		}
	}
	d.alongEdges()
	return inOrder(d.changes, newer)
}

// differ finds the changes of one Diff.
type differ struct {
	newer    *Resolved
	before   map[string]supervisor.Service
	statuses map[string]supervisor.Status
	changes  []Change
}

// wanted reports whether somebody wants the service up.
func (d *differ) wanted(service string) bool {
	st, known := d.statuses[service]
	return !known || st.Wanted
}

// forStatus adapts a change to how the service is now.
func (d *differ) forStatus(c Change) Change {
	st := d.statuses[c.Service]
	stuck := st.State == supervisor.StateFailed || st.State == supervisor.StateBackoff ||
		st.State == supervisor.StateStarting && slices.Contains(c.Causes, "ready changed")
	switch {
	case !d.wanted(c.Service):
		c.Do = DoUpdate
	case stuck:
		c.Do = DoRestart
	}
	return c
}

func servicesByName(r *Resolved) map[string]supervisor.Service {
	out := make(map[string]supervisor.Service, len(r.Services))
	for _, svc := range r.Services {
		out[svc.Name] = svc
	}
	return out
}

// compare finds what differs in one service that both states have.
func compare(older, newer *Resolved, old, svc supervisor.Service) (Change, bool) {
	var restart, update []string
	note := func(to *[]string, same bool, cause string) {
		if !same {
			*to = append(*to, cause+" changed")
		}
	}
	ports := old.Port == svc.Port && maps.Equal(old.Ports, svc.Ports)
	keys := changedVars(older, newer, old, svc)
	toURL, toHealth := &update, &update
	if key := variable(svc.Name) + "_URL"; slices.Contains(keys, key) && usesOwn(older, newer, svc, key) {
		toURL = &restart
	}
	if svc.Health.Kind == supervisor.ProbeNotify {
		toHealth = &restart // It has to be told in its environment.
	}
	note(&restart, old.Task == svc.Task, "type")
	note(&restart, slices.Equal(old.Command, svc.Command), "command")
	note(&restart, old.Dir == svc.Dir, "working_dir")
	note(&restart, old.Port == svc.Port, "port")
	note(&restart, maps.Equal(old.Ports, svc.Ports), "ports")
	note(&restart, old.TTY == svc.TTY, "tty")
	note(&restart, old.NullStdin == svc.NullStdin, "stdin")
	note(&restart, old.External == svc.External, "external")
	note(&restart, old.Listen == svc.Listen, "listen")
	note(toURL, old.URL == svc.URL || !ports, "url")
	told := func(key string) bool { return tellsOf(newer, svc, key) && (old.URL != svc.URL || !ports) }
	// An origin that comes or goes, with the scheme of a url, concerns others alone.
	comes := old.Origin == "" || svc.Origin == ""
	own := func(key string) bool {
		return comes && (key == "LHRUN_ORIGIN" || key == variable(svc.Name)+"_ORIGIN")
	}
	keys = slices.DeleteFunc(slices.DeleteFunc(keys, told), own)
	keys, inspected := apartInspected(keys, older, newer, svc.Name)
	restart = append(restart, inspected...)
	for _, names := range grouped(keys) {
		note(&restart, false, "env "+names)
	}
	note(&update, comes || slices.Equal(old.Names, svc.Names), "host")
	note(&update, old.Description == svc.Description, "description")
	note(&update, sameEdges(old.DependsOn, svc.DependsOn), "depends_on")
	note(&update, reflect.DeepEqual(old.Ready, svc.Ready), "ready")
	note(toHealth, reflect.DeepEqual(old.Health, svc.Health), "health")
	note(&update, old.Restart == svc.Restart, "restart")
	note(&update, slices.Equal(old.Stop.Keep, svc.Stop.Keep), "keep")
	old.Stop.Keep = svc.Stop.Keep
	note(&update, reflect.DeepEqual(old.Stop, svc.Stop), "stop")
	note(&update, sameWatch(older.Watch[svc.Name], newer.Watch[svc.Name]), "watch")
	switch {
	case restart != nil:
		return Change{DoRestart, svc.Name, append(restart, update...)}, true
	case update != nil:
		return Change{DoUpdate, svc.Name, update}, true
	}
	return Change{}, false
}

// usesOwn reports whether svc needs to know its own variable key, which lhrun tells
// everybody: its command names it, or somebody has set it otherwise.
func usesOwn(older, newer *Resolved, svc supervisor.Service, key string) bool {
	names := func(arg string) bool { return strings.Contains(arg, key) }
	if slices.ContainsFunc(svc.Command, names) {
		return true
	}
	before, _ := older.environment(svc.Name)
	after, _ := newer.environment(svc.Name)
	was, had := before[key]
	is, has := after[key]
	return !older.isOwn(key, was, had) || !newer.isOwn(key, is, has)
}

// maxVars variables are named one by one; of more, the first namedVars.
const (
	maxVars   = 5
	namedVars = 3
)

// grouped returns the names of variables as causes tell them.
func grouped(names []string) []string {
	if len(names) <= maxVars {
		return names
	}
	return []string{fmt.Sprintf("%s and %d more", strings.Join(names[:namedVars], ", "), len(names)-namedVars)}
}

// sameEdges does not mind the order.
func sameEdges(a, b []supervisor.Dependency) bool {
	return slices.Equal(sortedEdges(a), sortedEdges(b))
}

func sortedEdges(edges []supervisor.Dependency) []supervisor.Dependency {
	return slices.SortedFunc(slices.Values(edges), func(a, b supervisor.Dependency) int {
		return strings.Compare(a.Name, b.Name)
	})
}

// sameWatch does not mind the order of the patterns.
func sameWatch(a, b *Watch) bool {
	if a == nil || b == nil {
		return a == b
	}
	same := func(x, y []string) bool {
		return slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	}
	return same(a.Paths, b.Paths) && same(a.Ignore, b.Ignore) && a.Debounce == b.Debounce && a.Signal == b.Signal
}

// changedVars returns the variables whose value for the service changes. Those that
// lhrun sets about services it does not depend on do not count.
func changedVars(older, newer *Resolved, old, svc supervisor.Service) []string {
	before, _ := older.environment(old.Name)
	after, _ := newer.environment(svc.Name)
	var keys []string
	for key := range keysOf(before, after) {
		was, had := before[key]
		is, has := after[key]
		if had == has && was == is {
			continue
		}
		about := cmp.Or(older.about[key], newer.about[key])
		foreign := about != "" && about != svc.Name && !needs(old, about) && !needs(svc, about)
		if foreign && older.isOwn(key, was, had) && newer.isOwn(key, is, has) {
			continue
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// isOwn reports whether a variable about a service has the value that lhrun gives
// it, rather than one that somebody has set.
func (r *Resolved) isOwn(key, value string, has bool) bool {
	own, known := r.vars[key]
	return has == known && value == own
}

// tellsOf reports whether key is a variable of lhrun's about svc itself. Where that
// changes with the port or the url, those are named as the cause.
func tellsOf(r *Resolved, svc supervisor.Service, key string) bool {
	return r.about[key] == svc.Name || key == "PORT" || key == "HOST" || strings.HasPrefix(key, "PORT_")
}

func keysOf(maps ...map[string]string) map[string]bool {
	keys := make(map[string]bool)
	for _, m := range maps {
		for key := range m {
			keys[key] = true
		}
	}
	return keys
}

func needs(svc supervisor.Service, name string) bool {
	return slices.ContainsFunc(svc.DependsOn, func(d supervisor.Dependency) bool { return d.Name == name })
}

// alongEdges adds the services that declare restart = true on one that restarts.
func (d *differ) alongEdges() {
	for again := true; again; {
		again = false
		for _, svc := range d.newer.Services {
			if d.does(DoRestart, svc.Name) || d.does(DoAdd, svc.Name) || !d.wanted(svc.Name) {
				continue
			}
			for _, edge := range svc.DependsOn {
				if edge.Restart && d.does(DoRestart, edge.Name) {
					d.changes = carried(d.changes, svc.Name, edge.Name+" restarts")
					again = true
					break
				}
			}
		}
	}
}

// carried makes a restart of what becomes of a service.
func carried(changes []Change, service, cause string) []Change {
	for i, c := range changes {
		if c.Service == service {
			changes[i] = Change{DoRestart, service, append([]string{cause}, c.Causes...)}
			return changes
		}
	}
	return append(changes, Change{DoRestart, service, []string{cause}})
}

// inOrder puts changes in the order of the services, removed ones last.
func inOrder(changes []Change, newer *Resolved) []Change {
	place := func(c Change) int {
		at := slices.IndexFunc(newer.Services, func(s supervisor.Service) bool { return s.Name == c.Service })
		if at < 0 {
			return len(newer.Services)
		}
		return at
	}
	slices.SortStableFunc(changes, func(a, b Change) int { return cmp.Compare(place(a), place(b)) })
	return changes
}

func (d *differ) does(what, service string) bool {
	return slices.ContainsFunc(d.changes, func(c Change) bool { return c.Do == what && c.Service == service })
}
