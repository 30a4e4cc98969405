package initfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

func (d *Draft) django(dir string) ([]service, error) {
	return []service{{name: "app", dir: dir, command: d.pythonRunner(dir) + "manage.py runserver $HOST:$PORT"}}, nil
}

// pythonRunner is the interpreter that knows the project's packages.
func (d *Draft) pythonRunner(dir string) string {
	for _, kind := range []struct{ file, command string }{
		{"uv.lock", "uv run python "}, {"poetry.lock", "poetry run python "}, {"Pipfile.lock", "pipenv run python "},
		{".venv/bin/python", ".venv/bin/python "}, {"venv/bin/python", "venv/bin/python "},
	} {
		if exists(d.tree, path.Join(dir, kind.file)) {
			return kind.command
		}
	}
	return "python3 "
}

var pythonApp = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(\w+)(?:\s*:\s*\w+)?\s*=\s*(?:\w+\.)?(Flask|FastAPI|Starlette|Quart|Litestar)\(|^def (create_app|make_app)\(`)
})

// pythonFiles are where applications are, in the order to look.
var pythonFiles = []string{
	"app.py", "main.py", "wsgi.py", "asgi.py", "application.py", "server.py", "run.py", "api.py", "app/main.py", "app/__init__.py", "app/app.py",
	"src/main.py", "src/app.py", "api/main.py", "backend/main.py", "server/main.py",
}

// python is a Flask or FastAPI application.
func (d *Draft) python(dir string) ([]service, error) {
	entries, _ := readDir(d.tree, dir)
	files := slices.Clone(pythonFiles)
	for _, e := range entries {
		if e.IsDir() && exists(d.tree, path.Join(dir, e.Name(), "__init__.py")) {
			files = append(files, e.Name()+"/__init__.py", e.Name()+"/main.py", e.Name()+"/app.py")
		}
	}
	for _, file := range files {
		if !exists(d.tree, path.Join(dir, file)) {
			continue
		}
		source, err := readFile(d.tree, path.Join(dir, file))
		if err != nil {
			continue
		}
		if m := pythonApp().FindSubmatch(source); m != nil {
			return []service{d.pythonService(dir, file, string(m[1]), string(m[2]))}, nil
		}
	}
	return nil, nil
}

// pythonService starts the application called app in file, or what its factory makes.
func (d *Draft) pythonService(dir, file, app, kind string) service {
	module := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(file, ".py"), "/__init__"), "/", ".")
	python := d.pythonRunner(dir) + "-m "
	s := service{name: "app", dir: dir}
	switch kind {
	case "FastAPI", "Starlette", "Litestar":
		s.command = python + "uvicorn " + module + ":" + app + " --host $HOST --port $PORT --reload"
	case "Quart":
		s.command = python + "quart --app " + module + ":" + app + " run --host $HOST --port $PORT"
	default:
		if app != "" {
			module += ":" + app
		}
		s.command = python + "flask --app " + module + " run --host $HOST --port $PORT"
	}
	return s
}

// cargo are the programs of a Cargo package or workspace.
func (d *Draft) cargo(dir string) ([]service, error) {
	m, err := d.readCargo(dir)
	if err != nil {
		return nil, err
	}
	var found []service
	if m.Package.Name != "" && exists(d.tree, path.Join(dir, "src/main.rs")) {
		found = append(found, d.cargoService(m, dir, dir, "cargo run"))
	}
	for _, pattern := range m.Workspace.Members {
		for _, member := range d.glob(path.Join(dir, pattern)) {
			inner, err := d.readCargo(member)
			if err == nil && member != dir && inner.Package.Name != "" && exists(d.tree, path.Join(member, "src/main.rs")) {
				found = append(found, d.cargoService(inner, dir, member, "cargo run -p "+shellWord(inner.Package.Name)))
			}
		}
	}
	return found, nil
}

type cargoManifest struct {
	Package struct {
		Name string
	}
	Dependencies map[string]any
	Workspace    struct{ Members []string }
}

func (d *Draft) readCargo(dir string) (cargoManifest, error) {
	var m cargoManifest
	data, err := readFile(d.tree, path.Join(dir, "Cargo.toml"))
	if err != nil {
		return m, err
	}
	_, err = toml.Decode(string(data), &m)
	return m, err
}

// webCrates are those of servers.
var webCrates = []string{"axum", "actix-web", "rocket", "warp", "tide", "poem", "salvo", "hyper", "tonic", "gotham", "rouille", "loco-rs", "leptos_axum"}

func (d *Draft) cargoService(m cargoManifest, dir, member, command string) service {
	s := service{name: m.Package.Name, dir: dir, command: literal(command)}
	if _, rocket := m.Dependencies["rocket"]; rocket {
		s.env = []variable{{"ROCKET_ADDRESS", "{{host}}"}, {"ROCKET_PORT", "{{port}}"}}
		return s
	}
	web := slices.ContainsFunc(webCrates, func(crate string) bool { _, ok := m.Dependencies[crate]; return ok })
	facts := d.facts(path.Join(member, "src"), []string{"cargo"}, true)
	switch {
	case facts.readsPort:
	case facts.fixed != 0:
		s.fixed, s.known = facts.fixed, []int{facts.fixed}
		s.say("It listens on this port and reads no $PORT; once it does, take port out.")
	case web || facts.listens:
		s.say(ownPort)
	default:
		s.quiet = true
		s.say(maybeQuiet)
	}
	return s
}

// maven is a project of Spring Boot or Quarkus; another one says not how it is run.
func (d *Draft) maven(dir string) ([]service, error) {
	pom, err := readFile(d.tree, path.Join(dir, "pom.xml"))
	if err != nil {
		return nil, err
	}
	mvn := "mvn"
	if exists(d.tree, path.Join(dir, "mvnw")) {
		mvn = "./mvnw"
	}
	return d.java(dir, string(pom), mvn+" spring-boot:run", mvn+" quarkus:dev")
}

func (d *Draft) gradle(dir string) ([]service, error) {
	for _, name := range []string{"build.gradle", "build.gradle.kts"} {
		build, err := readFile(d.tree, path.Join(dir, name))
		if err != nil {
			continue
		}
		gradle := "gradle"
		if exists(d.tree, path.Join(dir, "gradlew")) {
			gradle = "./gradlew"
		}
		return d.java(dir, string(build), gradle+" bootRun", gradle+" quarkusDev")
	}
	return nil, nil
}

func (d *Draft) java(dir, build, spring, quarkus string) ([]service, error) {
	s := service{name: "app", dir: dir}
	switch {
	case strings.Contains(build, "spring-boot-maven-plugin"), strings.Contains(build, "org.springframework.boot"):
		s.command = spring
	case strings.Contains(build, "quarkus"):
		s.command = quarkus
	default:
		return nil, nil
	}
	d.place(&s)
	return []service{s}, nil
}

// glob are the directories that a pattern of a workspace names.
func (d *Draft) glob(pattern string) []string {
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}
	}
	return globDirs(d.tree, pattern)
}
