package config

import (
	"fmt"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/hostname"
	"github.com/lhrun/lhrun/internal/logs"
	"github.com/lhrun/lhrun/ports"
)

// Front says how the services get names for browsers.
type Front struct {
	// Off is `front = false`.
	Off bool
	// Number is a fixed port; 0 is automatic.
	Number int
	Pos    Pos
	// Wait is how long a request waits for a service that is not ready.
	Wait time.Duration
}

// defaultFrontWait is `front.wait` where the file does not set it.
const defaultFrontWait = 30 * time.Second

// FrontPort is the port of the front among those of a checkout. No service can be
// called so.
var FrontPort = ports.Request{Service: logs.Self, Name: "front"}

func (c *checker) front(n *node) Front {
	front := Front{Wait: defaultFrontWait}
	if n == nil {
		return front
	}
	if n.scalar == false {
		return Front{Off: true}
	}
	f := c.table(n, `front = { port = 8443, wait = "30s" }, or false for none`)
	if at := f.get("port"); at != nil && at.scalar != "auto" {
		front.Number, front.Pos = c.portNumber(at, `"auto" or a number`), at.pos()
	}
	if at := f.get("wait"); at != nil {
		front.Wait = c.duration(at)
	}
	f.end("front")
	return front
}

// hosts reads one host, several, or false for none. What is nil then is not set.
func (c *checker) hosts(n *node) []Text {
	switch {
	case n == nil:
		return nil
	case n.scalar == false:
		return []Text{}
	case isString(n):
		return []Text{c.host(n)}
	case !n.isArray:
		c.wrong(n, "a host, several, or false", `host = "api", host = ["api", "*.tenants"]`)
		return nil
	}
	hosts := []Text{}
	for _, element := range n.elements {
		hosts = append(hosts, c.host(element))
	}
	return hosts
}

func (c *checker) host(n *node) Text {
	s, ok := n.scalar.(string)
	if !ok {
		c.wrong(n, "a string", quoteHint(n))
		return Text{}
	}
	if err := hostname.CheckHost(s); err != nil {
		hint := ""
		if lower := strings.ReplaceAll(strings.ToLower(s), "_", "-"); lower != s && hostname.CheckHost(lower) == nil {
			hint = didYouMean(fmt.Sprintf("%q", lower))
		}
		c.bad(n.pos(), hint, "the host %q cannot be a name: %v", s, err)
	}
	return Text{Raw: s, Pos: n.pos()}
}

// checkHosts finds hosts that are claimed twice, and those of services that browsers
// cannot reach.
func (c *checker) checkHosts(p *Project) {
	first := map[string]Text{}
	owner := map[string]string{}
	for i := range p.Services {
		s := &p.Services[i]
		if len(s.Hosts) > 0 && !s.hasName() {
			c.bad(s.Hosts[0].Pos, "a host needs a service with a port and an http or https url",
				"service %q cannot be reached by a host", s.Name)
		}
		for _, host := range s.Hosts {
			if before, taken := first[host.Raw]; taken {
				c.bad(host.Pos, fmt.Sprintf("%q has it at %s", owner[host.Raw], before.Pos), "the host %q is taken twice", host.Raw)
				continue
			}
			first[host.Raw], owner[host.Raw] = host, s.Name
		}
	}
}

// hasName reports whether the front leads to s: a service that speaks HTTP on a port.
func (s *Service) hasName() bool {
	switch {
	case s.Task, s.Port.None, !s.hasURL():
		return false
	case s.URLDefault:
		return scheme(s.Command) == "http"
	}
	return isWeb(s.URL.Raw) || strings.HasPrefix(s.URL.Raw, "{{")
}

// hidden is `host = false`: the front could lead to s, and is not to.
func (s *Service) hidden() bool { return s.Hosts != nil && len(s.Hosts) == 0 }

func isWeb(url string) bool {
	url = strings.ToLower(url)
	return strings.HasPrefix(url, "http://") || strings.HasPrefix(url, "https://")
}

// hasFront reports whether there is a name for the front to serve.
func (p *Project) hasFront() bool {
	if p.Front.Off {
		return false
	}
	for i := range p.Services {
		if s := &p.Services[i]; s.hasName() && !s.hidden() {
			return true
		}
	}
	return false
}

// ResolvedFront is the front of a run; the zero value is none.
type ResolvedFront struct {
	Port int
	// Domain is what all names end with.
	Domain string
	Wait   time.Duration
	// Secure says that browsers trust this user's certificates.
	Secure bool
}

// resolveFront gives services their names, and says which had to do without.
func (r *resolver) resolveFront() {
	r.names = map[string][]string{}
	if !r.project.hasFront() {
		return
	}
	domain := hostname.Domain(r.run.Checkout.Project, r.run.Checkout.Instance)
	r.front = ResolvedFront{
		Port: r.run.Port(FrontPort.Service, FrontPort.Name), Domain: domain,
		Wait: r.project.Front.Wait, Secure: r.run.Secure,
	}
	var routes hostname.Routes
	claim := func(s *Service, host string) (holder string) {
		name := hostname.Name(host, domain)
		if holder = routes.Add(name, s.Name); holder == s.Name {
			r.names[s.Name] = append(r.names[s.Name], name)
		}
		return holder
	}
	var usual []*Service // Those that name no host take what is left.
	for i := range r.project.Services {
		s := &r.project.Services[i]
		switch {
		case !s.hasName() || !isWeb(r.url(s)):
		case s.Hosts == nil:
			usual = append(usual, s)
		default:
			for _, host := range s.Hosts {
				claim(s, host.Raw)
			}
		}
	}
	for _, s := range usual {
		host := hostname.Default(s.Name)
		if host == "" {
			r.remarkNoOrigin(s, "since its name makes no host")
		} else if holder := claim(s, host); holder != s.Name {
			r.remarkNoOrigin(s, fmt.Sprintf("since %q has the host %q", holder, host))
		}
	}
}

func (r *resolver) remarkNoOrigin(s *Service, why string) {
	text := fmt.Sprintf("service %q has no origin, %s", s.Name, why)
	switch {
	case r.withheld[s.Name]:
		return // It has no variables either.
	case !r.project.Procfile:
		text += `: host = "…" gives it one`
	}
	r.remark(s.Pos.File, s.Pos.Line, text)
}

// origin is what a browser calls s; "" where it has no name.
func (r *resolver) origin(s *Service) string {
	if name := hostname.First(r.names[s.Name]); name != "" {
		return hostname.Origin(name, r.front.Port, r.front.Secure)
	}
	return ""
}

// originVar returns the variable with the origin of s that every service gets.
func (r *resolver) originVar(s *Service) []dotenv.Pair {
	origin := r.origin(s)
	if origin == "" {
		return nil
	}
	return r.published(s, []dotenv.Pair{{Key: variable(s.Name) + "_ORIGIN", Value: origin}})
}
