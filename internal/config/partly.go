package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/words"
)

// Partly returns p with the services of names as newer has them, with what they newly need:
// services that newer adds to what they depend on, or that are new in it and are named in
// their texts. taken are all of those. Names that newer has no longer are left out. Shell,
// [env] and env_file are newer's, which is for what is taken; port files and front are p's.
//
// The error is for people, and says that there is no such service or that the two do not
// fit together.
func (p *Project) Partly(newer *Project, names []string) (mixed *Project, taken []string, err error) {
	for _, name := range names {
		if p.service(name) == nil && newer.service(name) == nil {
			return nil, nil, words.Unknown("service", name, unite(newer.names(), p.names()))
		}
	}
	taken = p.newlyNeeded(newer, names)
	mix := *newer
	mix.Dotenv, mix.Range, mix.Front, mix.MaxLogSize = p.Dotenv, p.Range, p.Front, p.MaxLogSize
	mix.Services, mix.at = nil, nil
	for _, name := range unite(newer.names(), p.names()) {
		from := p
		if slices.Contains(taken, name) {
			from = newer
		}
		if s := from.service(name); s != nil {
			own := *s
			own.DependsOn = slices.Clone(s.DependsOn)
			mix.Services = append(mix.Services, own)
		}
	}
	mix.place("")
	c := &checker{sources: []*source{newSource(shown(newer.File), nil)}, dir: newer.Dir}
	c.check(&mix)
	return &mix, taken, apart(names, c.mistakes)
}

// apart says why names cannot be taken without the rest of the file.
func apart(names []string, mistakes Mistakes) error {
	const most = 3
	if len(mistakes) == 0 {
		return nil
	}
	var why []string
	for _, m := range mistakes[:min(most, len(mistakes))] {
		why = append(why, m.Msg)
	}
	return fmt.Errorf("cannot take only %s from the file: %s; name more services, or none for the whole file",
		words.Few(names), strings.Join(why, "; "))
}

// unite returns the names of a, and those of b that are not in a.
func unite(a, b []string) []string {
	all := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(a, name) {
			all = append(all, name)
		}
	}
	return all
}

// newlyNeeded returns names and what they need in newer and did not need in p.
func (p *Project) newlyNeeded(newer *Project, names []string) (taken []string) {
	queue := slices.Clone(names)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if slices.Contains(taken, name) {
			continue
		}
		taken = append(taken, name)
		before := p.Needs(name)
		for _, need := range newer.Needs(name) {
			if !slices.Contains(before, need) {
				queue = append(queue, need)
			}
		}
		for _, named := range newer.mentions(name) {
			if p.service(named) == nil {
				queue = append(queue, named)
			}
		}
	}
	return taken
}

// mentions names the services that the texts of a service name, and those of [env].
func (p *Project) mentions(name string) (names []string) {
	s := p.service(name)
	if s == nil {
		return nil
	}
	for _, t := range slices.Concat(s.texts(), values(p.Env)) {
		pieces, _ := parseTemplate(t)
		for _, piece := range pieces {
			if piece.ref != nil && piece.ref.service != "" {
				names = append(names, piece.ref.service)
			}
		}
	}
	return names
}

// Partly returns r with the services of taken as newer has them, of which r may know
// nothing. newer is of a Project that Partly has returned, and has no others besides.
func (r *Resolved) Partly(newer *Resolved, taken []string) *Resolved {
	mix := *newer
	mix.shared = maps.Clone(newer.shared)
	maps.DeleteFunc(mix.shared, func(key, value string) bool { was, had := r.shared[key]; return !had || was != value })
	beside := func(vars map[string]string) map[string]string {
		maps.DeleteFunc(vars, func(key, value string) bool { all, has := mix.shared[key]; return has && all == value })
		return vars
	}
	before := servicesByName(r)
	mix.Env, mix.Services = pairs(mix.shared), nil
	mix.own, mix.Watch, mix.sources = map[string]map[string]string{}, map[string]*Watch{}, map[string]*Resolved{}
	for _, svc := range newer.Services {
		from := newer
		if old, known := before[svc.Name]; known && !slices.Contains(taken, svc.Name) {
			svc, from = old, r
		}
		vars, _ := from.environment(svc.Name)
		mix.own[svc.Name] = beside(vars)
		svc.Env = pairs(mix.own[svc.Name])
		mix.sources[svc.Name] = from.of(svc.Name)
		if w := from.Watch[svc.Name]; w != nil {
			mix.Watch[svc.Name] = w
		}
		mix.Services = append(mix.Services, svc)
	}
	project, _ := newer.environment("")
	mix.project = beside(project)
	return &mix
}

// of is where the variables of a service are from: r itself, unless r is a mixture.
func (r *Resolved) of(service string) *Resolved {
	if from := r.sources[service]; from != nil {
		return from
	}
	return r
}
