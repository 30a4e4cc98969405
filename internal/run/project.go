package run

import (
	"errors"
	"os"
	"slices"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Project is a loaded file together with the ports that its services have, or
// would get, on this machine.
type Project struct {
	*config.Project
	Registry *ports.Registry
	Checkout ports.Checkout
	// RunsAs is the run of this file that goes on in its directory under another name, which
	// the file had when that began; nil for none.
	RunsAs *Run
	// Leases and Resolved are nil until something has filled them in.
	Leases   []ports.Lease
	Resolved *config.Resolved
}

// resolve fills the project's templates in, with the ports of leases.
func (p *Project) resolve(leases []ports.Lease) (*config.Resolved, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, err
	}
	run := config.Runtime{
		Checkout:   p.Checkout,
		Port:       portIn(leases),
		Environ:    os.Environ(),
		Executable: executable,
	}
	trusting(p.Checkout, &run)
	return p.Resolve(run)
}

// requests are all ports to lease. A fixed one of a service that is not needed may be
// taken; one that is no service's, as the front's, may not.
func (p *Project) requests(needed []string) []ports.Request {
	all := p.Requests()
	for i, q := range all {
		all[i].Deferred = q.Fixed != 0 && p.Known(q.Service) == nil && !slices.Contains(needed, q.Service)
	}
	return all
}

// withMistakes returns err, and with it the mistakes that the project's files have, so
// that both can be put right at once. err is why the ports could not be leased.
func (p *Project) withMistakes(err error) error {
	leases, unknown := p.Registry.Lookup(p.Checkout, p.Requests())
	if unknown != nil {
		return err
	}
	_, wrong := p.resolve(leases)
	if mistakes, ok := errors.AsType[config.Mistakes](wrong); ok {
		return &TwofoldError{mistakes, err}
	}
	return err
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

// Port returns the number of a service's port, 0 where it has none of that name;
// name "" is the main one.
func (p *Project) Port(service, name string) int { return portIn(p.Leases)(service, name) }

// Service returns the service of that name, or a UsageError.
func (p *Project) Service(name string) (*config.Service, error) {
	var names []string
	for i := range p.Services {
		if p.Services[i].Name == name {
			return &p.Services[i], nil
		}
		names = append(names, p.Services[i].Name)
	}
	return nil, &UsageError{words.Unknown("service", name, names)}
}

// ResolvedService returns the service of that name as it would be run.
func (p *Project) ResolvedService(name string) (supervisor.Service, error) {
	for _, s := range p.Resolved.Services {
		if s.Name == name {
			return s, nil
		}
	}
	_, err := p.Service(name)
	return supervisor.Service{}, err
}

// Known refuses a service that is not there; "" is the project itself.
func (p *Project) Known(service string) error {
	if service == "" {
		return nil
	}
	_, err := p.Service(service)
	return err
}

// Select returns what an up of those names and profiles starts. An unknown name
// is a UsageError.
func (p *Project) Select(names, profiles []string, noDeps bool) ([]string, error) {
	wanted, err := p.Project.Select(names, profiles, noDeps)
	if err != nil {
		err = &UsageError{err}
	}
	return wanted, err
}

// Masker knows the secrets of every service of a project that is resolved.
func (p *Project) Masker() mask.Masker { return mask.New(p.environs()...) }

func (p *Project) environs() [][]string {
	environs := [][]string{os.Environ(), p.Resolved.Env}
	for _, s := range p.Resolved.Services {
		environs = append(environs, s.Env)
	}
	return environs
}

// PortLabel names a port for people: "api", or "api.debug".
func PortLabel(r ports.Request) string {
	switch {
	case r.Service == config.FrontPort.Service:
		return r.Name
	case r.Name == "":
		return r.Service
	}
	return r.Service + "." + r.Name
}
