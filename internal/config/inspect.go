package config

import (
	"fmt"
	"slices"

	"github.com/lhrun/lhrun/internal/words"
)

// Inspect says what is kept of the calls between services.
type Inspect struct {
	// Memory bounds all of it and Body each body, in bytes.
	Memory, Body int64
	// Hide names the headers whose values are masked, in lower case.
	Hide []string
}

const (
	defaultInspectMemory = 64 << 20
	leastInspectMemory   = 1 << 20
	defaultInspectBody   = 64 << 10
)

// protocols are those that an inspected service can be told to speak.
var protocols = []string{"http", "grpc", "redis", "postgres", "tcp"}

func (c *checker) inspect(n *node) Inspect {
	out := Inspect{
		Memory: defaultInspectMemory, Body: defaultInspectBody,
		Hide: []string{"authorization", "cookie", "set-cookie", "x-api-key"},
	}
	f := c.table(n, `[inspect] with memory = "64MiB", body = "64KiB", hide = ["authorization"]`)
	if at := f.get("memory"); at != nil {
		if out.Memory = c.size(at); out.Memory > 0 && out.Memory < leastInspectMemory {
			c.bad(at.pos(), `memory = "1MiB" is the least`, "%s is too little for the inspector", at.written())
		}
	}
	if at := f.get("body"); at != nil {
		out.Body = c.size(at)
	}
	if at := f.get("hide"); at != nil {
		out.Hide = nil
		for _, name := range c.list(at) {
			out.Hide = append(out.Hide, lowerASCII(name.Raw))
		}
	}
	f.end("inspect")
	return out
}

// lowerASCII is s as the names of headers are compared.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// inspected reads true, false or a protocol.
func (c *checker) inspected(n *node, s *Service) {
	switch {
	case n == nil, n.scalar == false:
	case n.scalar == true:
		s.Inspected = true
	case isString(n):
		s.Inspected, s.Protocol = true, c.oneOf(n, protocols...)
	default:
		c.wrong(n, fmt.Sprintf("true, false or a protocol, %s", choice(protocols)), "inspect = true")
	}
}

// checkInspected refuses the inspection of what nobody can call. What is only a default for
// all services is not refused.
func (c *checker) checkInspected(own *node, s *Service) {
	if !s.Inspected || len(s.portNames()) > 0 {
		return
	}
	s.Inspected = false
	if n := own.parts["inspect"]; n != nil {
		c.bad(n.keyPos(), `give it a port = "auto", or leave inspect out`, "service %q has inspect and no port that anybody could call", s.Name)
	}
}

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

// InspectedServices are the protocols of the services that are inspected, by name.
func (p *Project) InspectedServices() map[string]string {
	out := map[string]string{}
	for i := range p.Services {
		if s := &p.Services[i]; s.Inspected {
			out[s.Name] = s.Protocol
		}
	}
	return out
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
