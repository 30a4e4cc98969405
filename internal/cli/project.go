package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// project is a loaded file together with the ports that its services have, or
// would get, on this machine.
type project struct {
	*config.Project
	registry *ports.Registry
	checkout ports.Checkout
	leases   []ports.Lease
	resolved *config.Resolved
}

// load reads the project's file. Nothing else is touched. Whatever is wrong with
// the file, its place included, is for the user to put right.
func (g *globals) load() (*config.Project, error) {
	p, err := config.Load(config.Options{File: g.file, Dir: g.dir})
	var mistakes config.Mistakes
	if err != nil && !errors.As(err, &mistakes) {
		return nil, exitError{exitUsage, err}
	}
	return p, err
}

// open loads the project and looks its ports up without leasing them, so it
// answers alike whether the project runs or not.
func (g *globals) open() (*project, error) {
	p, err := g.peek()
	if err != nil {
		return nil, err
	}
	if p.resolved, err = p.resolve(p.leases); err != nil {
		return nil, err
	}
	return p, nil
}

// peek is open without the variables, whose files it does not read.
func (g *globals) peek() (*project, error) {
	p, err := g.find()
	if err == nil {
		p.leases, err = p.registry.Peek(p.checkout, p.Requests())
	}
	return p, err
}

// find loads the project and says which checkout it is, leaving its ports alone.
func (g *globals) find() (*project, error) {
	cfg, err := g.load()
	if err != nil {
		return nil, err
	}
	registry, err := ports.Open(ports.Options{
		Range: cfg.Range,
		Warn:  func(line string) { fmt.Fprintln(g.Err, "lhrun:", line) },
	})
	if err != nil {
		return nil, err
	}
	checkout, err := registry.Checkout(cfg.Name, cfg.Dir)
	if err != nil {
		return nil, err
	}
	return &project{Project: cfg, registry: registry, checkout: checkout}, nil
}

// resolve fills the project's templates in, with the ports of leases.
func (p *project) resolve(leases []ports.Lease) (*config.Resolved, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return p.Resolve(config.Runtime{
		Checkout:   p.checkout,
		Port:       portIn(leases),
		Environ:    os.Environ(),
		Executable: executable,
	})
}

// portIn looks a port up by service and name; "" names the main one.
func portIn(leases []ports.Lease) func(service, name string) int {
	return func(service, name string) int {
		for _, l := range leases {
			if l.Service == service && l.Name == name {
				return l.Port
			}
		}
		return 0
	}
}

// service is the one of that name.
func (p *project) service(name string) (*config.Service, error) {
	var names []string
	for i := range p.Services {
		if p.Services[i].Name == name {
			return &p.Services[i], nil
		}
		names = append(names, p.Services[i].Name)
	}
	return nil, exitError{exitUsage, config.Unknown("service", name, names)}
}

// resolvedService is the service of that name as it would be run.
func (p *project) resolvedService(name string) (supervisor.Service, error) {
	for _, s := range p.resolved.Services {
		if s.Name == name {
			return s, nil
		}
	}
	_, err := p.service(name)
	return supervisor.Service{}, err
}

// port is the number of a service's port; name "" is the main one.
func (p *project) port(service, name string) (int, error) {
	s, err := p.service(service)
	if err != nil {
		return 0, err
	}
	port := portIn(p.leases)(service, name)
	switch {
	case port != 0:
		return port, nil
	case name == "":
		return 0, usageError("service %q has no port", service)
	}
	var names []string
	for _, port := range s.Ports {
		names = append(names, port.Name)
	}
	slices.Sort(names)
	return 0, usageError("service %q has no port named %q%s", service, name, didYouMean(name, names))
}

// url is where others reach a service.
func (p *project) url(service string) (string, error) {
	s, err := p.resolvedService(service)
	if err == nil && s.URL == "" {
		err = usageError("service %q has no url", service)
	}
	return s.URL, err
}

// known refuses a service that is not there; "" is the project itself.
func (p *project) known(service string) error {
	if service == "" {
		return nil
	}
	_, err := p.service(service)
	return err
}

// Select refuses an unknown service or profile as a mistake of the command line.
func (p *project) Select(names, profiles []string, noDeps bool) ([]string, error) {
	wanted, err := p.Project.Select(names, profiles, noDeps)
	if err != nil {
		err = exitError{exitUsage, err}
	}
	return wanted, err
}
