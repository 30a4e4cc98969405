package config

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// usesPort finds $PORT in a text for the shell.
var usesPort = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$(PORT\b|\{PORT\b)`)
})

// withhold finds the processes of a Procfile that get no <SVC>_PORT and so on. One
// whose command does not use $PORT listens elsewhere or nowhere. Two whose names make
// the same variable, such as foo-bar and foo_bar, cannot both have it.
func (r *resolver) withhold() {
	r.withheld = map[string]bool{}
	if !r.project.Procfile {
		return
	}
	first := map[string]*Service{}
	for i := range r.project.Services {
		s := &r.project.Services[i]
		key := variable(s.Name)
		switch {
		case !usesPort().MatchString(s.Command.Args[0].Raw):
			r.withheld[s.Name] = true
		case first[key] == nil:
			first[key] = s
		default:
			r.withheld[s.Name], r.withheld[first[key].Name] = true, true
			r.sameVariable = append(r.sameVariable, [2]*Service{first[key], s})
		}
	}
}

// published returns those of vars, which are about s, that services may get.
func (r *resolver) published(s *Service, vars []dotenv.Pair) []dotenv.Pair {
	return slices.DeleteFunc(vars, func(v dotenv.Pair) bool { return r.withheld[s.Name] || reserved[v.Key] != "" })
}

// remarkNames notes which variables are not made from the name of a service, and why.
func (r *resolver) remarkNames() {
	for _, pair := range r.sameVariable {
		r.remark(pair[1].Pos.File, pair[1].Pos.Line, fmt.Sprintf("%q and %q would share the variable %s_PORT, so neither has it",
			pair[0].Name, pair[1].Name, variable(pair[0].Name)))
	}
	for i := range r.project.Services {
		s := &r.project.Services[i]
		vars := r.ports(s)
		if s.hasURL() {
			vars = append(vars, dotenv.Pair{Key: variable(s.Name) + "_URL"})
		}
		for _, v := range vars {
			_, given := r.env[v.Key]
			if by := reserved[v.Key]; by != "" && !given && !r.withheld[s.Name] {
				r.remark(s.Pos.File, s.Pos.Line, fmt.Sprintf("%s is not made from the name of service %q, since %s would obey it",
					v.Key, s.Name, by))
			}
		}
	}
}
