package config

import (
	"fmt"
	"slices"

	"github.com/lhrun/lhrun/internal/words"
)

// inspected reports whether s is, and which protocol it is told to speak.
func (s *Service) inspected() (protocol string, yes bool) { return "", s.Inspected }

// WithInspect returns p with the services of those names inspected, or not, whatever the
// file says. The others stay as they are.
func (p *Project) WithInspect(names map[string]bool) *Project {
	if len(names) == 0 {
		return p
	}
	out := *p
	out.Services = slices.Clone(p.Services)
	for i := range out.Services {
		s := &out.Services[i]
		if on, told := names[s.Name]; told && len(s.portNames()) > 0 {
			s.Inspected = on
		}
	}
	return &out
}

// Inspectable are the services that others can call: those with a port.
func (p *Project) Inspectable() (names []string) {
	for i := range p.Services {
		if len(p.Services[i].portNames()) > 0 {
			names = append(names, p.Services[i].Name)
		}
	}
	return names
}

// CheckInspect says why a service cannot be inspected; nil where it can.
func (p *Project) CheckInspect(name string) error {
	s := p.service(name)
	switch {
	case s == nil:
		return words.Unknown("service", name, p.names())
	case len(s.portNames()) == 0:
		return fmt.Errorf("service %q cannot be inspected: it has no port", name)
	}
	return nil
}
