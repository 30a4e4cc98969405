package control

import (
	"slices"

	"github.com/lhrun/lhrun/supervisor"
)

var actions = map[string]supervisor.Action{
	VerbStart:   supervisor.ActionStart,
	VerbStop:    supervisor.ActionStop,
	VerbRestart: supervisor.ActionRestart,
}

var verbs = []string{VerbStart, VerbStop, VerbRestart, VerbDown, VerbPlan, VerbReload}

// check refuses what makes no sense, rather than pass over it.
func (r Request) check() error {
	_, order := actions[r.Verb]
	switch {
	case !slices.Contains(verbs, r.Verb):
		return mistake("there is no verb %q; there are %q", r.Verb, verbs)
	case !order && (len(r.Services) > 0 || r.NoDeps):
		return mistake("%s concerns the whole project, not some services", r.Verb)
	case r.NoDeps && len(r.Services) == 0:
		return mistake("%s with no_deps needs the names of services", r.Verb)
	case r.Kill && r.Verb != VerbDown:
		return mistake("kill goes with %s, not with %s", VerbDown, r.Verb)
	case r.Missing && r.Verb != VerbStart:
		return mistake("missing goes with %s, not with %s", VerbStart, r.Verb)
	}
	return nil
}
