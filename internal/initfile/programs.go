package initfile

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/internal/config"
)

// program is one way to tell from a directory's files how it is run. It gives no
// service where the directory is not of its kind, and an error where it is but
// cannot be read.
type program struct {
	file   string
	detect func(d *Draft, dir string) ([]service, error)
}

// programs are tried in this order; a Rails application has a package.json too.
var programs = []program{
	{"bin/rails", (*Draft).rails},
	{"manage.py", (*Draft).django},
	{"config.ru", (*Draft).rack},
	{"Gemfile", (*Draft).gems},
	{"mix.exs", (*Draft).phoenix},
	{"go.mod", (*Draft).goModule},
	{"Cargo.toml", (*Draft).cargo},
	{"pom.xml", (*Draft).maven},
	{"build.gradle", (*Draft).gradle},
	{"build.gradle.kts", (*Draft).gradle},
	{"package.json", (*Draft).nodePackage},
	{"pyproject.toml", (*Draft).python},
	{"requirements.txt", (*Draft).python},
	{"Pipfile", (*Draft).python},
	{"app.py", (*Draft).python},
	{"main.py", (*Draft).python},
	{"wsgi.py", (*Draft).python},
}

// readPrograms looks for every kind of program in the root directory. Where something
// else starts the project, what is found is only told.
func (d *Draft) readPrograms(listed bool) {
	built := slices.Clone(d.services)
	python := false
	for _, p := range programs {
		if !exists(d.tree, p.file) || p.file == "config.ru" && exists(d.tree, "bin/rails") || python && isPython(p.file) {
			continue
		}
		found, err := p.detect(d, ".")
		if err != nil {
			d.note(p.file, err)
			continue
		}
		python = python || len(found) > 0 && (isPython(p.file) || p.file == "manage.py")
		for _, s := range found {
			d.addProgram(p.file, s, built, listed)
		}
	}
	if !listed && !slices.ContainsFunc(d.services, func(s service) bool { return !s.off && !s.image }) {
		d.readParts()
	}
	d.lendAll()
}

// maxParts is how many directories of the root are looked into.
const maxParts = 50

// readParts looks into the directories of a root that runs nothing itself, such as
// backend and frontend.
func (d *Draft) readParts() {
	entries, _ := readDir(d.tree, ".")
	for _, e := range entries[:min(len(entries), maxParts)] {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || slices.Contains(notSources, e.Name()) && e.Name() != "client" && e.Name() != "frontend" {
			continue
		}
		s, ok := d.programIn(e.Name())
		if !ok || d.find(e.Name()) != nil {
			continue
		}
		s.name = e.Name()
		d.isSource(e.Name())
		d.services = append(d.services, s)
	}
}

func isPython(file string) bool {
	return strings.HasSuffix(file, ".py") || file == "pyproject.toml" || file == "requirements.txt" || file == "Pipfile"
}

// addProgram adds what a directory runs, unless compose builds it there already: that
// is the program then.
func (d *Draft) addProgram(file string, s service, built []service, listed bool) {
	if s.from == "" {
		s.from = file
	}
	isBuilt := slices.ContainsFunc(built, func(k service) bool { return path.Clean(k.dir) == path.Clean(s.dir) && !k.off && !k.image })
	same := func(k service) bool { return k.command == s.command && path.Clean(k.dir) == path.Clean(s.dir) }
	switch {
	case listed && slices.ContainsFunc(d.services, same):
	case listed && !s.quiet && s.from == file:
		d.lose(file, s.name+": "+s.command)
	case isBuilt, listed:
	default:
		d.isSource(file)
		d.services = append(d.services, s)
	}
}

// programIn is the one program of a directory.
func (d *Draft) programIn(dir string) (service, bool) {
	for _, p := range programs {
		if !exists(d.tree, path.Join(dir, p.file)) {
			continue
		}
		if found, err := p.detect(d, dir); err == nil && len(found) == 1 {
			return found[0], true
		}
	}
	return service{}, false
}

// bundled runs a program of a Gemfile, where there is one.
func (d *Draft) bundled(dir, command string) string {
	if exists(d.tree, path.Join(dir, "Gemfile")) {
		return "bundle exec " + command
	}
	return command
}

func (d *Draft) rails(dir string) ([]service, error) {
	found := []service{{name: "app", dir: dir, command: "bin/rails server -b $HOST -p $PORT"}}
	jobs, err := d.gems(dir)
	return append(found, jobs...), err
}

func (d *Draft) rack(dir string) ([]service, error) {
	return []service{{name: "app", dir: dir, command: d.bundled(dir, "rackup -o $HOST -p $PORT")}}, nil
}

// gems are what a Gemfile names that runs as a process of its own. A web server is
// started by bin/rails or config.ru where there is one.
func (d *Draft) gems(dir string) ([]service, error) {
	if !exists(d.tree, path.Join(dir, "Gemfile")) {
		return nil, nil
	}
	gemfile, err := readFile(d.tree, path.Join(dir, "Gemfile"))
	if err != nil {
		return nil, err
	}
	var found []service
	if hasGem(gemfile, "rails") && !exists(d.tree, path.Join(dir, "bin/rails")) && !exists(d.tree, path.Join(dir, "config.ru")) {
		found = append(found, service{name: "app", dir: dir, command: "bundle exec rails server -b $HOST -p $PORT"})
	}
	for _, job := range []struct{ gem, command string }{
		{"sidekiq", "bundle exec sidekiq"},
		{"good_job", "bundle exec good_job start"},
		{"solid_queue", "bin/jobs"},
	} {
		started := slices.ContainsFunc(d.services, func(s service) bool { return strings.Contains(s.command, job.gem) })
		script := strings.HasPrefix(job.command, "bin/")
		if hasGem(gemfile, job.gem) && !started && (!script || exists(d.tree, path.Join(dir, job.command))) {
			found = append(found, service{name: job.gem, dir: dir, command: job.command, quiet: true})
		}
	}
	return found, nil
}

var gemLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^[ \t]*gem[ \t(]+["']([^"']+)["']`)
})

func hasGem(gemfile []byte, name string) bool {
	return slices.ContainsFunc(gemLine().FindAllSubmatch(gemfile, -1), func(m [][]byte) bool { return string(m[1]) == name })
}

func (d *Draft) phoenix(dir string) ([]service, error) {
	mix, err := readFile(d.tree, path.Join(dir, "mix.exs"))
	if err != nil || !strings.Contains(string(mix), ":phoenix") {
		return nil, err
	}
	s := service{name: "app", dir: dir, command: "mix phx.server"}
	if !d.facts(dir, []string{"mix"}, true).readsPort {
		s.say(ownPort)
	}
	return []service{s}, nil
}

// goModule is the main package of the module's root, or those below cmd.
func (d *Draft) goModule(dir string) ([]service, error) {
	if exists(d.tree, path.Join(dir, "main.go")) {
		return []service{d.goProgram("app", dir, ".")}, nil
	}
	mains, err := fs.Glob(d.tree, path.Join(globbed(dir), "cmd/*/main.go"))
	var found []service
	for _, main := range mains {
		name := path.Base(path.Dir(main))
		found = append(found, d.goProgram(name, dir, "./cmd/"+name))
	}
	return found, err
}

// globbed is dir as a pattern for itself.
func globbed(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

var goAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`flag\.(String|StringVar|Int|IntVar)\((?:&[\w.]+,\s*)?"(addr|address|listen|http|bind|port)"`)
})

// goProgram gives a program with a flag for it its address.
func (d *Draft) goProgram(name, dir, pkg string) service {
	s := service{name: name, dir: dir, command: "go run " + shellWord(pkg)}
	if source, err := readFile(d.tree, path.Join(dir, pkg, "main.go")); err == nil {
		if m := goAddress().FindSubmatch(source); m != nil {
			value := hostPort
			if string(m[2]) == "port" {
				value = "$PORT"
			}
			s.command += " -" + string(m[2]) + " " + value
			return s
		}
	}
	found := d.facts(path.Join(dir, pkg), []string{"go"}, true)
	if pkg == "." || found.listens || found.readsPort {
		d.settlePort(&s, found)
	} else {
		d.settlePort(&s, facts{known: !config.Listens(name, "")})
	}
	return s
}
