package config

import (
	"slices"

	"github.com/lhrun/lhrun/internal/graph"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
)

// Requests are all ports to lease, in the order of the file.
func (p *Project) Requests() []ports.Request {
	var requests []ports.Request
	for _, s := range p.Services {
		if !s.Port.None {
			requests = append(requests, ports.Request{Service: s.Name, Outside: s.External, Fixed: s.Port.Number, Prefer: s.Port.Prefer})
		}
		for _, port := range s.Ports {
			requests = append(requests, ports.Request{Service: s.Name, Name: port.Name, Fixed: port.Number})
		}
	}
	if p.hasFront() {
		front := FrontPort
		front.Fixed = p.Front.Number
		requests = append(requests, front)
	}
	for _, e := range p.Edges() {
		requests = append(requests, e.Request())
	}
	return requests
}

// Order is all services so that each comes after what it depends on, and in the
// order of the file where that leaves a choice.
func (p *Project) Order() []string { return graph.Order(p.names(), p.Needs) }

// Select returns the services that are wanted, in the order to start them. With
// names, these; without, all that start by themselves: those without profiles or
// with one of profiles. Unless noDeps is set, whatever they depend on is wanted
// too. An unknown service or profile is an error.
func (p *Project) Select(names, profiles []string, noDeps bool) ([]string, error) {
	if err := p.checkProfiles(profiles); err != nil {
		return nil, err
	}
	wanted := slices.Clone(names)
	for _, name := range names {
		if p.service(name) == nil {
			return nil, words.Unknown("service", name, p.names())
		}
	}
	for _, s := range p.Services {
		if len(names) == 0 && s.Autostart && s.inProfile(profiles) {
			wanted = append(wanted, s.Name)
		}
	}
	if !noDeps {
		wanted = graph.Closure(wanted, p.Needs)
	}
	return slices.DeleteFunc(p.Order(), func(name string) bool { return !slices.Contains(wanted, name) }), nil
}

func (s *Service) inProfile(profiles []string) bool {
	return len(s.Profiles) == 0 || slices.ContainsFunc(s.Profiles, func(profile string) bool {
		return slices.Contains(profiles, profile)
	})
}

func (p *Project) checkProfiles(profiles []string) error {
	known := p.Profiles()
	for _, profile := range profiles {
		if !slices.Contains(known, profile) {
			return words.Unknown("profile", profile, known)
		}
	}
	return nil
}

// Profiles are all that services name, sorted.
func (p *Project) Profiles() []string {
	var known []string
	for _, s := range p.Services {
		known = append(known, s.Profiles...)
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// Needs names what a service depends on directly; nothing where there is none of
// that name.
func (p *Project) Needs(name string) []string {
	s := p.service(name)
	if s == nil {
		return nil
	}
	needs := make([]string, len(s.DependsOn))
	for i, d := range s.DependsOn {
		needs[i] = d.Name
	}
	return needs
}
