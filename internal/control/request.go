package control

import (
	"slices"

	"github.com/lhrun/lhrun/supervisor"
)

var (
	serviceVerbs = []supervisor.Verb{supervisor.VerbStart, supervisor.VerbStop, supervisor.VerbRestart, VerbTake, VerbInspect}
	fileVerbs    = []supervisor.Verb{VerbPlan, VerbReload}
	projectVerbs = []supervisor.Verb{VerbDown, VerbRelease, VerbGraph}
)

// check refuses what makes no sense, rather than pass over it.
func (r Request) check() error {
	ofFile := slices.Contains(fileVerbs, r.Verb)
	ofServices := ofFile || slices.Contains(serviceVerbs, r.Verb)
	switch {
	case !ofServices && !slices.Contains(projectVerbs, r.Verb):
		return mistake("there is no verb %q; there are %q", r.Verb, slices.Concat(serviceVerbs, fileVerbs, projectVerbs))
	case r.Off && r.Verb != VerbInspect:
		return mistake("off goes with %s, not with %s", VerbInspect, r.Verb)
	case r.Restart && !ofFile:
		return mistake("restart goes with %s and %s, not with %s", VerbPlan, VerbReload, r.Verb)
	case r.NoDeps && ofFile && !r.Restart:
		return mistake("no_deps goes with %s only where it restarts", r.Verb)
	case !ofServices && (len(r.Services) > 0 || r.NoDeps):
		return mistake("%s concerns the whole project, not some services", r.Verb)
	case r.NoDeps && r.Verb == VerbInspect:
		return mistake("no_deps does not go with %s", VerbInspect)
	case r.NoDeps && len(r.Services) == 0:
		return mistake("%s with no_deps needs the names of services", r.Verb)
	case r.Kill && r.Verb != VerbDown:
		return mistake("kill goes with %s, not with %s", VerbDown, r.Verb)
	case (r.Hold != 0) != (r.Verb == VerbRelease):
		return mistake("%s, and nothing else, goes with the number of a hold", VerbRelease)
	case r.Verb == VerbTake && (len(r.Services) != 1 || r.NoDeps || r.Outside == (r.PID > 0) || r.Outside && r.Leave):
		return mistake("%s needs one service, and a pid or outside", r.Verb)
	case r.Verb != VerbTake && (r.PID != 0 || r.Outside || r.Leave):
		return mistake("pid, outside and leave go with %s, not with %s", VerbTake, r.Verb)
	case (r.Missing || r.Stay) && r.Verb != supervisor.VerbStart:
		return mistake("missing and stay go with %s, not with %s", supervisor.VerbStart, r.Verb)
	}
	return nil
}
