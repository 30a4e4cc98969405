package run

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/hostname"
	"github.com/lhrun/lhrun/internal/trust"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// identities writes the certificates of the services with `tls = true`.
type identities struct {
	checkout ports.Checkout
	// services are those that have one now.
	services atomic.Pointer[[]string]
}

// set takes the services of p, and removes the certificates of all others.
func (i *identities) set(p *Project) {
	var names []string
	for _, s := range p.Services {
		if s.TLS {
			names = append(names, s.Name)
		}
	}
	i.services.Store(&names)
	dir, err := identitiesDir(i.checkout)
	if err != nil {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// renew issues a new certificate for s, if it has one, before each of its starts.
func (i *identities) renew(s supervisor.Service) error {
	if !slices.Contains(*i.services.Load(), s.Name) {
		return nil
	}
	err := i.issue(s)
	if err != nil {
		err = fmt.Errorf("cannot make its certificate (tls): %w", err)
	}
	return err
}

func (i *identities) issue(s supervisor.Service) error {
	dir, err := identitiesDir(i.checkout)
	if err != nil {
		return err
	}
	authority, err := trust.Dir()
	if err != nil {
		return err
	}
	a, err := trust.Ensure(authority)
	if err != nil {
		return err
	}
	return a.WriteIdentity(filepath.Join(dir, s.Name), serverNames(i.checkout, s)...)
}

// serverNames are what clients call s: its host, the name that its origin has or would
// have, and those that the file gives it.
func serverNames(c ports.Checkout, s supervisor.Service) []string {
	names := []string{"127.0.0.1", "::1", "localhost"}
	if host := hostname.Default(s.Name); host != "" {
		names = append(names, hostname.Name(host, hostname.Domain(c.Project, c.Instance)))
	}
	for _, name := range s.Names {
		if trust.IsName(name) && !slices.Contains(names, name) { // No wildcard is one.
			names = append(names, name)
		}
	}
	return names
}

// identitiesDir holds a directory for each service with a certificate. It may be missing.
func identitiesDir(c ports.Checkout) (string, error) {
	projects, err := files.ProjectsDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(projects, c.Project, c.Instance, "tls"), nil
}

// trusting fills in what a resolved project says of certificates. Without a state
// directory, which verbs that only read do not need, there are none.
func trusting(c ports.Checkout, out *config.Runtime) {
	dir, err := identitiesDir(c)
	out.TLS = func(service string) config.TLSFiles {
		return config.TLSFiles(trust.IdentityIn(filepath.Join(dir, service)))
	}
	if authority, unknown := trust.Dir(); err == nil && unknown == nil {
		out.Defaults, out.Secure = trust.Variables(authority), trust.IsUsable(authority)
	}
}

// refreshRoots has services see the system's roots of today, where lhrun gives them any.
func refreshRoots() error {
	authority, err := trust.Dir()
	if err != nil {
		return err
	}
	return trust.Refresh(authority)
}
