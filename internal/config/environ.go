package config

import (
	"maps"
	"slices"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// everybodysVars returns what lhrun tells every service about all of them, and notes
// which service each variable is about.
func (r *resolver) everybodysVars() map[string]string {
	vars := r.runVars()
	for i := range r.project.Services {
		s := &r.project.Services[i]
		for _, v := range slices.Concat(r.portVars(s, r.outside), r.urlVar(s, r.setOutside), r.originVar(s)) {
			vars[v.Key] = v.Value
			r.about[v.Key] = s.Name
		}
	}
	return vars
}

// readEnv splits [env]: a variable with a {{port}} differs from service to service,
// the others are filled in once.
func (r *resolver) readEnv() {
	var same []Var
	for _, v := range r.project.Env {
		if namesOwn(v.Value) {
			r.each = append(r.each, v)
		} else {
			same = append(same, v)
		}
	}
	r.env = r.expandVars(same, nil)
}

func (r *resolver) expandVars(vars []Var, self *Service) map[string]string {
	out := make(map[string]string, len(vars))
	for _, v := range vars {
		out[v.Key] = r.expand(v.Value, self)
	}
	return out
}

// defaults are variables that every service gets unless somebody sets them.
var defaults = map[string]string{
	"PYTHONUNBUFFERED": "1", // Else Python keeps what it prints into a pipe.
}

// shared returns the environment of every service. Later wins: defaults, files,
// lhrun's own environment, lhrun's variables, [env].
func (r *resolver) shared() map[string]string {
	shared := make(map[string]string, len(r.environ)+len(r.vars))
	maps.Copy(shared, defaults)
	maps.Copy(shared, r.run.Defaults)
	for key, v := range r.files {
		shared[key] = v.value
	}
	maps.Copy(shared, r.environ)
	maps.DeleteFunc(shared, func(key, _ string) bool { return isPersonal(key) })
	maps.Copy(shared, r.vars)
	maps.Copy(shared, r.env)
	return shared
}

// projectOnly returns what only a command that belongs to no service sees: the PORT
// and HOST of a file or of lhrun's own environment, which no service gets.
func (r *resolver) projectOnly() map[string]string {
	only := map[string]string{}
	for _, key := range []string{"PORT", "HOST"} {
		if _, set := r.env[key]; set {
			continue
		}
		if value, ok := r.outside(key); ok {
			only[key] = value
		}
	}
	return only
}

// outside looks key up as if lhrun set nothing: the environment wins over the files.
func (r *resolver) outside(key string) (string, bool) {
	if value, ok := r.environ[key]; ok {
		return value, true
	}
	v, ok := r.files[key]
	return v.value, ok
}

// serviceEnv returns what s gets on top of shared: its port, its env_files, its env.
func (r *resolver) serviceEnv(s *Service, shared map[string]string) map[string]string {
	lhrun := r.ownVars(s)
	own := maps.Clone(lhrun)
	maps.DeleteFunc(own, func(key, _ string) bool { _, set := r.env[key]; return set })
	under := func(key string) (string, bool) {
		if value, ok := own[key]; ok {
			return value, true
		}
		value, ok := shared[key]
		return value, ok
	}
	given := maps.Clone(r.env)
	set := func(vars map[string]string) {
		maps.Copy(own, vars)
		maps.Copy(given, vars)
	}
	set(r.expandVars(r.each, s))
	for _, file := range s.EnvFiles {
		for _, e := range r.readFile(file, s.Name, dotenv.Scope{Under: under}) {
			own[e.Key], given[e.Key] = e.Value, e.Value
		}
	}
	set(r.expandVars(s.Env, s))
	r.noteReplaced(s, lhrun, given)
	maps.DeleteFunc(own, func(key, value string) bool { v, ok := shared[key]; return ok && v == value })
	return own
}

// told returns the names that lhrun or a file of the project sets, as opposed to
// those that only the environment of lhrun has.
func (r *resolver) told() map[string]bool {
	told := map[string]bool{}
	for key := range keysOf(defaults, r.run.Defaults) {
		if _, set := r.environ[key]; !set {
			told[key] = true
		}
	}
	for key := range r.files {
		told[key] = true
	}
	for key := range r.vars {
		told[key] = true
	}
	for key := range r.env {
		told[key] = true
	}
	return told
}
