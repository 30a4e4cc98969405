package config

import (
	"maps"
	"reflect"
	"slices"

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

// Diff says what differs between two states of one project, in the order of the
// newer one, removed services last. A comment, an order or an indentation is no
// difference, and neither is a variable about a service that one does not depend
// on: adding a service restarts nobody.
func Diff(older, newer *Resolved) []Change {
	var changes []Change
	before := servicesByName(older)
	for _, svc := range newer.Services {
		old, known := before[svc.Name]
		if !known {
			changes = append(changes, Change{DoAdd, svc.Name, []string{"new in the file"}})
			continue
		}
		delete(before, svc.Name)
		if c, differs := compare(older, newer, old, svc); differs {
			changes = append(changes, c)
		}
	}
	for _, svc := range older.Services {
		if _, gone := before[svc.Name]; gone {
			changes = append(changes, Change{DoRemove, svc.Name, []string{"no longer in the file"}})
		}
	}
	return alongEdges(changes, newer)
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
	note(&restart, old.Task == svc.Task, "type")
	note(&restart, slices.Equal(old.Command, svc.Command), "command")
	note(&restart, old.Dir == svc.Dir, "working_dir")
	note(&restart, old.Port == svc.Port, "port")
	note(&restart, maps.Equal(old.Ports, svc.Ports), "ports")
	note(&restart, old.TTY == svc.TTY, "tty")
	note(&restart, old.Listen == svc.Listen, "listen")
	for _, key := range changedVars(older, newer, old, svc) {
		note(&restart, false, "env "+key)
	}
	note(&update, old.Description == svc.Description, "description")
	note(&update, old.URL == svc.URL, "url")
	note(&update, slices.Equal(old.DependsOn, svc.DependsOn), "depends_on")
	note(&update, reflect.DeepEqual(old.Ready, svc.Ready), "ready")
	note(&update, reflect.DeepEqual(old.Health, svc.Health), "health")
	note(&update, old.Restart == svc.Restart, "restart")
	note(&update, reflect.DeepEqual(old.Stop, svc.Stop), "stop")
	note(&update, reflect.DeepEqual(older.Watch[svc.Name], newer.Watch[svc.Name]), "watch")
	switch {
	case restart != nil:
		return Change{DoRestart, svc.Name, append(restart, update...)}, true
	case update != nil:
		return Change{DoUpdate, svc.Name, update}, true
	}
	return Change{}, false
}

// changedVars are the variables that reach the service with another value. Those
// about services that it does not depend on do not count.
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
		about := older.about[key]
		if about == "" {
			about = newer.about[key]
		}
		if about == "" || about == svc.Name || needs(old, about) || needs(svc, about) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
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
func alongEdges(changes []Change, newer *Resolved) []Change {
	for again := true; again; {
		again = false
		for _, svc := range newer.Services {
			for _, d := range svc.DependsOn {
				if d.Restart && does(changes, DoRestart, d.Name) && !does(changes, DoRestart, svc.Name) && !does(changes, DoAdd, svc.Name) {
					changes = slices.DeleteFunc(changes, func(c Change) bool { return c.Service == svc.Name })
					changes = append(changes, Change{DoRestart, svc.Name, []string{d.Name + " restarts"}})
					again = true
				}
			}
		}
	}
	return changes
}

func does(changes []Change, what, service string) bool {
	return slices.ContainsFunc(changes, func(c Change) bool { return c.Do == what && c.Service == service })
}
