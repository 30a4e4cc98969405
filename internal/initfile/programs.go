package initfile

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"sync"
)

// program is one way to tell from a directory's files how it is run. It gives no
// service where the directory is not of its kind, and an error where it is but
// cannot be read.
type program struct {
	file   string
	detect func(tree fs.FS, dir string) ([]service, error)
}

// programs are tried in this order; a Rails application has a package.json too.
var programs = []program{
	{"bin/rails", rails},
	{"manage.py", django},
	{"config.ru", rack},
	{"Gemfile", gems},
	{"go.mod", goModule},
	{"package.json", nodePackage},
}

// readPrograms looks for every kind of program in the root directory.
func (d *Draft) readPrograms(tree fs.FS) {
	built := slices.Clone(d.services)
	// What compose builds in a directory is the program there.
	isBuilt := func(s service) bool {
		return slices.ContainsFunc(built, func(k service) bool { return k.dir == s.dir && !k.off })
	}
	for _, p := range programs {
		if !exists(tree, p.file) || p.file == "config.ru" && exists(tree, "bin/rails") {
			continue
		}
		services, err := p.detect(tree, ".")
		if err != nil {
			d.note(p.file, err)
			continue
		}
		d.add(p.file, services, isBuilt)
	}
}

// programIn is the one program of a directory below the root.
func programIn(tree fs.FS, dir string) (service, bool) {
	for _, p := range programs {
		if !exists(tree, path.Join(dir, p.file)) {
			continue
		}
		if found, err := p.detect(tree, dir); err == nil && len(found) == 1 {
			return found[0], true
		}
	}
	return service{}, false
}

func rails(_ fs.FS, dir string) ([]service, error) {
	return []service{{name: "app", dir: dir, command: "bin/rails server -b $HOST -p $PORT"}}, nil
}

func rack(_ fs.FS, dir string) ([]service, error) {
	return []service{{name: "app", dir: dir, command: "bundle exec rackup -o $HOST -p $PORT"}}, nil
}

// gems are what a Gemfile names that runs as a process of its own. A web server is
// started by bin/rails or config.ru where there is one.
func gems(tree fs.FS, dir string) ([]service, error) {
	gemfile, err := fs.ReadFile(tree, path.Join(dir, "Gemfile"))
	if err != nil {
		return nil, err
	}
	var found []service
	if hasGem(gemfile, "rails") && !exists(tree, path.Join(dir, "bin/rails")) && !exists(tree, path.Join(dir, "config.ru")) {
		found = append(found, service{name: "app", dir: dir, command: "bundle exec rails server -b $HOST -p $PORT"})
	}
	for _, job := range []struct{ gem, command string }{
		{"sidekiq", "bundle exec sidekiq"},
		{"good_job", "bundle exec good_job start"},
	} {
		if hasGem(gemfile, job.gem) {
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

func django(_ fs.FS, dir string) ([]service, error) {
	return []service{{name: "app", dir: dir, command: "python3 manage.py runserver $HOST:$PORT"}}, nil
}

// goModule is the main package of the module's root, or those below cmd.
func goModule(tree fs.FS, dir string) ([]service, error) {
	if exists(tree, path.Join(dir, "main.go")) {
		return []service{goProgram("app", dir, ".")}, nil
	}
	mains, err := fs.Glob(tree, path.Join(dir, "cmd/*/main.go"))
	var found []service
	for _, main := range mains {
		name := path.Base(path.Dir(main))
		found = append(found, goProgram(name, dir, "./cmd/"+name))
	}
	return found, err
}

func goProgram(name, dir, pkg string) service {
	return service{name: name, dir: dir, command: "go run " + shellWord(pkg), comment: []string{ownPort}}
}

// ownPort stands above a command whose port cannot be given by a flag.
const ownPort = "It has to listen on $PORT; if it listens on nothing, say port = false."
