package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
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
}

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
	// Notices say which variables of env_files lhrun replaces, a line each, in
	// the order of the files.
	Notices []string

	shared  map[string]string
	project map[string]string            // what the project alone has besides shared
	own     map[string]map[string]string // by service, besides shared
	told    map[string]bool              // keys that lhrun or a file of the project sets
	vars    map[string]string            // what lhrun tells everybody
	about   map[string]string            // which service a variable of vars is about
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
	// vars are lhrun's variables for everybody. env is [env] as far as it is the
	// same for everybody; each are its variables that are not.
	vars, env map[string]string
	about     map[string]string
	each      []Var
	// urls holds "" for a url that is just being filled in.
	urls map[string]string
	// replaced notes by key what services have instead of a file's value.
	replaced map[string][]replacement
	// texts are the env_files as they are on the disk, by path. remarks are about
	// lines of paths.
	texts    map[string][]byte
	paths    []string
	remarks  []remark
	mistakes Mistakes
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
	r.readFiles()
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
	out.Dotenv = r.portFiles()
	out.Notices = r.notices()
	if len(r.mistakes) > 0 {
		return nil, r.finish()
	}
	return out, nil
}

func (r *resolver) everybodysVars() map[string]string {
	vars := r.runVars()
	for i := range r.project.Services {
		s := &r.project.Services[i]
		for _, v := range append(r.portVars(s), r.urlVar(s, r.setOutside)...) {
			vars[v.Key] = v.Value
			r.about[v.Key] = s.Name
		}
	}
	return vars
}

// readEnv parts [env]: a variable with a {{port}} differs by service.
func (r *resolver) readEnv() {
	var same []Var
	for _, v := range r.project.Env {
		if namesOwn(v.Value) {
			r.each = append(r.each, v)
		} else {
			same = append(same, v)
		}
	}
	r.env = r.expandVars(same, nil)
}

func (r *resolver) expandVars(vars []Var, self *Service) map[string]string {
	out := make(map[string]string, len(vars))
	for _, v := range vars {
		out[v.Key] = r.expand(v.Value, self)
	}
	return out
}

// shared is the environment of every service: files, lhrun's own environment,
// lhrun's variables, [env].
func (r *resolver) shared() map[string]string {
	shared := make(map[string]string, len(r.environ)+len(r.vars))
	for key, v := range r.files {
		shared[key] = v.value
	}
	maps.Copy(shared, r.environ)
	maps.DeleteFunc(shared, func(key, _ string) bool { return isPersonal(key) })
	maps.Copy(shared, r.vars)
	maps.Copy(shared, r.env)
	return shared
}

// projectOnly is what a command sees that belongs to no service: a PORT or HOST
// that came from outside is nobody else's there.
func (r *resolver) projectOnly() map[string]string {
	only := map[string]string{}
	for _, key := range []string{"PORT", "HOST"} {
		if _, set := r.env[key]; set {
			continue
		}
		if value, ok := r.outside(key); ok {
			only[key] = value
		}
	}
	return only
}

// outside is a variable without lhrun: the environment wins over the files.
func (r *resolver) outside(key string) (string, bool) {
	if value, ok := r.environ[key]; ok {
		return value, true
	}
	v, ok := r.files[key]
	return v.value, ok
}

// serviceEnv is what s has besides shared: its port, its env_files, its env.
func (r *resolver) serviceEnv(s *Service, shared map[string]string) map[string]string {
	lhrun := r.ownVars(s)
	own := maps.Clone(lhrun)
	maps.DeleteFunc(own, func(key, _ string) bool { _, set := r.env[key]; return set })
	under := func(key string) (string, bool) {
		if value, ok := own[key]; ok {
			return value, true
		}
		value, ok := shared[key]
		return value, ok
	}
	given := maps.Clone(r.env)
	set := func(vars map[string]string) {
		maps.Copy(own, vars)
		maps.Copy(given, vars)
	}
	set(r.expandVars(r.each, s))
	for _, file := range s.EnvFiles {
		for _, e := range r.readFile(file, dotenv.Scope{Under: under}) {
			own[e.Key], given[e.Key] = e.Value, e.Value
		}
	}
	set(r.expandVars(s.Env, s))
	r.noteReplaced(s, lhrun, given)
	maps.DeleteFunc(own, func(key, value string) bool { v, ok := shared[key]; return ok && v == value })
	return own
}

func (r *resolver) told() map[string]bool {
	told := map[string]bool{}
	for key := range r.files {
		told[key] = true
	}
	for key := range r.vars {
		told[key] = true
	}
	for key := range r.env {
		told[key] = true
	}
	return told
}

// portFiles leaves out a default url that an env_file sets itself: the block
// would win over the line of the user in the very same file.
func (r *resolver) portFiles() []ResolvedFile {
	inFile := func(key string) bool { _, ok := r.files[key]; return ok }
	var out []ResolvedFile
	for _, file := range r.project.Dotenv {
		resolved := ResolvedFile{Path: file.Path}
		for i := range r.project.Services {
			// No .env file can hold the variables of a service named 9p.
			if s := &r.project.Services[i]; file.All && dotenv.IsName(variable(s.Name)) {
				resolved.Vars = append(resolved.Vars, append(r.portVars(s), r.urlVar(s, inFile)...)...)
			}
		}
		for _, v := range file.Vars {
			resolved.Vars = append(resolved.Vars, dotenv.Pair{Key: v.Key, Value: r.expand(v.Value, nil)})
		}
		out = append(out, resolved)
	}
	return out
}

// finish puts the mistakes in order and adds the lines of the project's files.
func (r *resolver) finish() Mistakes {
	c := &checker{mistakes: r.mistakes}
	for _, path := range []string{r.project.File, filepath.Join(r.project.Dir, LocalFileName)} {
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() { // A pipe gives its text once.
			continue
		}
		if data, err := dotenv.Read(path); err == nil {
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
