package config

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Runtime is what a project's file cannot know.
type Runtime struct {
	Checkout ports.Checkout
	// Port tells the port of a service; name "" is its main one.
	Port func(service, name string) int
	// Environ is lhrun's own environment.
	Environ []string
	// Executable is the path of lhrun.
	Executable string
	// Secure says that browsers trust this user's certificates.
	Secure bool
	// Defaults are variables that every service gets unless something sets them.
	Defaults map[string]string
	// TLS tells where a service with `tls = true` finds its certificate.
	TLS func(service string) TLSFiles
}

// TLSFiles are a certificate with its chain, its key, and the root of both for clients.
type TLSFiles struct{ Cert, Key, CA string }

// Resolved is a project ready to run, without templates. It is a value: nothing
// in it changes any more.
type Resolved struct {
	// Env is what all services share, sorted and each variable once. PORT and
	// HOST are in it only where [env] says so.
	Env []string
	// Services are in the order of the file. Their Env is what each has besides
	// Env or instead of it.
	Services []supervisor.Service
	// Watch says by service whose files restart or signal it.
	Watch map[string]*Watch
	// Dotenv are the port files to write.
	Dotenv []ResolvedFile
	Front  ResolvedFront
	// Edges are the addresses at which services find inspected ones.
	Edges []ResolvedEdge
	// Notices say what the project's authors should know, a line each: how its file was
	// read, and of its variables what lhrun replaces, what is not set, which files do
	// not count.
	Notices []string

	shared  map[string]string
	project map[string]string            // what the project alone has besides shared
	own     map[string]map[string]string // by service, besides shared
	told    map[string]bool              // keys that lhrun or a file of the project sets
	vars    map[string]string            // what lhrun tells everybody
	about   map[string]string            // which service a variable of vars is about
	// sources are where services have their variables from that differ: in a mixture (see
	// Partly), and of those that call inspected ones.
	sources map[string]*Resolved
}

// ResolvedFile is a port file with the variables of its block, in order.
type ResolvedFile struct {
	Path string
	Vars []dotenv.Pair
}

// resolver fills in one project.
type resolver struct {
	project *Project
	run     Runtime
	environ map[string]string
	files   map[string]fileVar
	// withheld are the services about which nobody is told, and sameVariable those pairs of
	// them that would share a variable.
	withheld     map[string]bool
	sameVariable [][2]*Service
	// vars are lhrun's variables for everybody. env is [env] as far as it is the
	// same for everybody; each are its variables that are not.
	vars, env map[string]string
	about     map[string]string
	each      []Var
	// urls holds "" for a url that is just being filled in.
	urls map[string]string
	// names are the names for browsers by service.
	names map[string][]string
	front ResolvedFront
	// replaced notes by key what services have instead of a file's value.
	replaced map[string][]replacement
	// texts are files as they are on the disk, by path; read are the env_files among
	// them. remarks are about lines of paths.
	texts   map[string][]byte
	read    []fileRead
	paths   []string
	remarks []remark
	collector
}

// Resolve reads the env_files and fills every template in. The error is Mistakes
// with all unset variables, bad lines of env_files and texts that have become
// nonsense.
func (p *Project) Resolve(run Runtime) (*Resolved, error) {
	r := &resolver{
		project:  p,
		run:      run,
		environ:  byKey(run.Environ),
		files:    map[string]fileVar{},
		urls:     map[string]string{},
		replaced: map[string][]replacement{},
		about:    map[string]string{},
		texts:    map[string][]byte{},
	}
	r.withhold()
	r.readFiles()
	r.resolveFront()
	r.vars = r.everybodysVars()
	r.readEnv()
	out := &Resolved{shared: r.shared(), project: r.projectOnly(), own: map[string]map[string]string{}, Watch: map[string]*Watch{}}
	out.Env = pairs(out.shared)
	for i := range p.Services {
		s := &p.Services[i]
		own := r.serviceEnv(s, out.shared)
		out.own[s.Name] = own
		if s.Watch != nil {
			out.Watch[s.Name] = s.Watch
		}
		out.Services = append(out.Services, r.service(s, pairs(own)))
	}
	out.told, out.vars, out.about = r.told(), r.vars, r.about
	out.Edges = r.resolveEdges()
	r.callers(out)
	out.Dotenv, out.Front = r.portFiles(), r.front
	out.Notices = slices.Concat(p.Notices, r.unusedPort(), r.notices(out))
	if len(r.mistakes) > 0 {
		return nil, r.finish()
	}
	return out, nil
}

// unusedPort says that a Procfile's processes do not get the PORT of the environment, as
// they would from other programs.
func (r *resolver) unusedPort() []string {
	if port := r.environ["PORT"]; r.project.Procfile && port != "" && r.environ["LHRUN_SERVICE"] == "" {
		return []string{fmt.Sprintf("PORT=%s of the environment is not used: each process has a port of its own", port)}
	}
	return nil
}

// finish puts the mistakes in order and adds the lines of the project's files.
func (r *resolver) finish() Mistakes {
	c := &checker{collector: r.collector}
	for _, path := range []string{r.project.File, filepath.Join(r.project.Dir, LocalFileName)} {
		if !isRegular(path) { // A pipe gives its text once.
			continue
		}
		if data, err := files.ReadInput(path); err == nil {
			c.sources = append(c.sources, newSource(shown(path), data))
		}
	}
	return c.finish()
}

// Environ is the whole environment of a service, sorted, or of the project where
// service is "". It is false for an unknown service.
func (r *Resolved) Environ(service string) ([]string, bool) {
	vars, ok := r.environment(service)
	return pairs(vars), ok
}

// Own is Environ without what lhrun's own environment alone brought: the
// variables of the files, of lhrun and of the configuration.
func (r *Resolved) Own(service string) ([]string, bool) {
	vars, ok := r.environment(service)
	return slices.DeleteFunc(pairs(vars), func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		_, own := r.own[service][key]
		return !own && !r.told[key]
	}), ok
}

func (r *Resolved) environment(service string) (map[string]string, bool) {
	own, ok := r.own[service]
	if service == "" {
		own, ok = r.project, true
	}
	vars := maps.Clone(r.shared)
	maps.Copy(vars, own)
	return vars, ok
}
