package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// tree writes files below a new directory and makes it the working directory, so
// that files are shown by their short names.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

// numbered gives the ports of p the numbers from 21001 on, in the order of the
// file.
func numbered(p *Project, environ ...string) Runtime {
	requests := p.Requests()
	return Runtime{
		Checkout: ports.Checkout{Project: "shop", Instance: "main", Dir: p.Dir},
		Port: func(service, name string) int {
			at := slices.IndexFunc(requests, func(r ports.Request) bool { return r.Service == service && r.Name == name })
			if at < 0 {
				return 0
			}
			return 21001 + at
		},
		Environ:    environ,
		Executable: "/bin/lhrun",
		TLS: func(service string) TLSFiles {
			return TLSFiles{"/tls/" + service + "/cert", "/tls/" + service + "/key", "/tls/" + service + "/ca"}
		},
	}
}

// resolveIn resolves the project of files in environ.
func resolveIn(t *testing.T, files map[string]string, environ ...string) (*Resolved, error) {
	t.Helper()
	tree(t, files)
	p, err := Load(Options{})
	if err != nil {
		t.Fatalf("cannot load:\n%v", err)
	}
	return p.Resolve(numbered(p, environ...))
}

func resolved(t *testing.T, files map[string]string, environ ...string) *Resolved {
	t.Helper()
	r, err := resolveIn(t, files, environ...)
	if err != nil {
		t.Fatalf("cannot resolve:\n%v", err)
	}
	return r
}

// alone is the lhrun.toml of text, alone.
func alone(text string) map[string]string { return map[string]string{FileName: text} }

func (r *Resolved) serviceOf(t *testing.T, name string) supervisor.Service {
	t.Helper()
	at := slices.IndexFunc(r.Services, func(s supervisor.Service) bool { return s.Name == name })
	if at < 0 {
		t.Fatalf("there is no service %q", name)
	}
	return r.Services[at]
}

func TestAServiceIsResolved(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: `
[services.db]
command = "postgres -p $PORT"
url = "postgres://app@{{host}}:{{port}}/shop"
[services.migrate]
type = "task"
command = ["./migrate", "{{db.url}}", "$HOME"]
depends_on = ["db"]
[services.api]
description = "the API"
command = "serve {{port}} {{db.port}} {{ports.debug}} {{env.WHO}} {{project}} {{instance}} $X {{{{y}}"
working_dir = "api"
depends_on = { db = "started", migrate = { restart = true } }
ports = { debug = "auto" }
stop = { signal = "INT", timeout = "5s", command = "bye {{port}}" }
restart = "always"
tty = true
`,
		"api/x": "",
	}, "WHO=me")
	dir, _ := os.Getwd()
	db, migrate, api := r.Services[0], r.Services[1], r.Services[2]

	if db.URL != "postgres://app@127.0.0.1:21001/shop" || db.Port != 21001 || db.Host != "127.0.0.1" {
		t.Errorf("db is at %s, port %d of %s", db.URL, db.Port, db.Host)
	}
	if want := []string{"sh", "-c", "postgres -p $PORT"}; !slices.Equal(db.Command, want) {
		t.Errorf("db's command is %q, want %q", db.Command, want)
	}
	if want := []string{"./migrate", db.URL, "$HOME"}; !slices.Equal(migrate.Command, want) {
		t.Errorf("migrate's command is %q, want %q", migrate.Command, want)
	}
	if !migrate.Task || migrate.Port != 0 || migrate.Host != "" || migrate.URL != "" {
		t.Errorf("a task has no port: %+v", migrate)
	}
	if want := []supervisor.Dependency{{Name: "db", Condition: supervisor.IsReady}}; !slices.Equal(migrate.DependsOn, want) {
		t.Errorf("migrate depends on %v, want %v", migrate.DependsOn, want)
	}
	api.Env = nil
	want := supervisor.Service{
		Name:        "api",
		Description: "the API",
		Command:     []string{"sh", "-c", "serve 21002 21001 21003 me shop main $X {{y}}"},
		Dir:         filepath.Join(dir, "api"),
		Host:        "127.0.0.1",
		Port:        21002,
		Ports:       map[string]int{"debug": 21003},
		URL:         "http://127.0.0.1:21002",
		Names:       []string{"api.shop.localhost"},
		Origin:      "http://api.shop.localhost:21004",
		DependsOn: []supervisor.Dependency{
			{Name: "db", Condition: supervisor.Started},
			{Name: "migrate", Condition: supervisor.Completed, Restart: true},
		},
		Restart: supervisor.Restart{Policy: supervisor.RestartAlways},
		Stop:    supervisor.Stop{Signal: 2, Timeout: 5e9, Command: []string{"sh", "-c", "bye 21002"}},
		TTY:     true,
	}
	if !reflect.DeepEqual(api, want) {
		t.Errorf("api is\n%+v, want\n%+v", api, want)
	}
}

func TestWorkingDirOfATemplate(t *testing.T) {
	files := alone("[services.a]\ncommand='x'\nworking_dir = '{{env.WHERE}}/sub'")
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := resolved(t, files, "WHERE="+dir)
	if want := filepath.Join(dir, "sub"); r.Services[0].Dir != want {
		t.Errorf("got %q, want %q", r.Services[0].Dir, want)
	}
	_, err := resolveIn(t, files, "WHERE=/nowhere")
	expectOne(t, mistakesOf(t, err), `the working_dir "/nowhere/sub" does not exist`, "")
}

func mistakesOf(t *testing.T, err error) Mistakes {
	t.Helper()
	mistakes, ok := errors.AsType[Mistakes](err)
	if !ok {
		t.Fatalf("want Mistakes, got %v", err)
	}
	return mistakes
}

func TestProbes(t *testing.T) {
	for _, test := range []struct {
		name, ready string
		want        supervisor.Probe
	}{
		{"default", `{ timeout = "3s" }`, supervisor.Probe{Timeout: 3e9}},
		{"path", `{ http = "/health?x={{port}}", status = 204, interval = "2s" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://127.0.0.1:21002/health?x=21002", Own: true, Status: 204, Interval: 2e9,
		}},
		{"time for a try", `{ http = "/", try = "5s" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://127.0.0.1:21002/", Own: true, Try: 5e9,
		}},
		{"own url", `{ http = "{{url}}/x" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://127.0.0.1:21002/x", Own: true,
		}},
		{"localhost", `{ http = "http://localhost:{{port}}/x" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://localhost:21002/x", Own: true,
		}},
		{"a further port", `{ http = "http://[::1]:{{ports.admin}}/x" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://[::1]:21003/x", Own: true,
		}},
		{"another's url", `{ http = "{{db.url}}/x" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://127.0.0.1:21001/x",
		}},
		{"own port elsewhere", `{ http = "http://example.com:{{port}}/x" }`, supervisor.Probe{
			Kind: supervisor.ProbeHTTP, Target: "http://example.com:21002/x",
		}},
		{"tcp", `{ tcp = true }`, supervisor.Probe{Kind: supervisor.ProbeTCP, Target: "127.0.0.1:21002", Own: true}},
		{"tcp to itself", `{ tcp = "{{host}}:{{port}}" }`, supervisor.Probe{
			Kind: supervisor.ProbeTCP, Target: "127.0.0.1:21002", Own: true,
		}},
		{"tcp elsewhere", `{ tcp = "db.test:5432" }`, supervisor.Probe{Kind: supervisor.ProbeTCP, Target: "db.test:5432"}},
		{"tcp without a host", `{ tcp = ":5432" }`, supervisor.Probe{Kind: supervisor.ProbeTCP, Target: "127.0.0.1:5432"}},
		{"grpc", `{ grpc = true }`, supervisor.Probe{Kind: supervisor.ProbeGRPC, Target: "127.0.0.1:21002", Own: true}},
		{"grpc of a service", `{ grpc = "a.{{project}}" }`, supervisor.Probe{
			Kind: supervisor.ProbeGRPC, Target: "127.0.0.1:21002", Own: true, Service: "a.shop",
		}},
		{"exec", `{ exec = "ping {{port}}" }`, supervisor.Probe{
			Kind: supervisor.ProbeExec, Exec: []string{"sh", "-c", "ping 21002"},
		}},
		{"exec argv", `{ exec = ["ping", "{{port}}"] }`, supervisor.Probe{
			Kind: supervisor.ProbeExec, Exec: []string{"ping", "21002"},
		}},
		{"log", `{ log = "^on {{url}} at .*$" }`, supervisor.Probe{
			Kind: supervisor.ProbeLog, Target: `^on http://127\.0\.0\.1:21002 at .*$`,
		}},
		{"notify", `{ notify = true }`, supervisor.Probe{Kind: supervisor.ProbeNotify}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := resolved(t, alone("[services.db]\ncommand='x'\n[services.api]\ncommand='x'\n"+
				"ports={admin='auto'}\nready = "+test.ready))
			if got := r.Services[1].Ready; !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestAPathIsAskedByTheSchemeOfTheURL(t *testing.T) {
	for url, want := range map[string]string{
		"https://{{host}}:{{port}}":     "https://127.0.0.1:21001/h",
		"HTTPS://shop.test:{{port}}/x":  "https://127.0.0.1:21001/h",
		"http://{{host}}:{{port}}":      "http://127.0.0.1:21001/h",
		"postgres://{{host}}:{{port}}/": "http://127.0.0.1:21001/h",
	} {
		r := resolved(t, alone("[services.api]\ncommand='x'\nurl='"+url+"'\nready={http='/h'}\nhealth={http='/h'}"))
		if ready, health := r.Services[0].Ready, r.Services[0].Health; ready.Target != want || !ready.Own || health.Target != want {
			t.Errorf("%s: ready asks %+v, health %+v", url, ready, health.Probe)
		}
	}
}

func TestHealthIsEnabledByAKind(t *testing.T) {
	r := resolved(t, alone(`
[services.a]
command = "x"
[services.b]
command = "x"
health = { http = "/h", interval = "10s", retries = 5, on_failure = "none" }
`))
	if r.Services[0].Health.Enabled {
		t.Error("a has none")
	}
	want := supervisor.Health{
		Probe:   supervisor.Probe{Kind: supervisor.ProbeHTTP, Target: "http://127.0.0.1:21002/h", Own: true, Interval: 10e9},
		Enabled: true, Retries: 5, NoRestart: true,
	}
	if got := r.Services[1].Health; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhatOnlyResolveCanFind(t *testing.T) {
	_, err := resolveIn(t, map[string]string{
		FileName: `[env]
A = "{{env.MISSING}}"
[defaults]
env = { HOUSE = "{{env.HOMES}}" }
[services.api]
command = "x {{env.ALSO_MISSING}}"
ready = { http = "{{env.WHERE}}" }
[services.web]
command = "x"
ready = { tcp = "{{env.WHERE}}" }
`,
		".env": "GOOD=1\nbad line\nX='open\n",
	}, "HOME=/h", "WHERE=nonsense")
	want := `.env:2:1: expected KEY=value
hint: a line is KEY=value, or a comment after #

.env:3:3: X: the single quote is not closed
hint: a value that begins with a quote ends with the same one

lhrun.toml:2:6: {{env.MISSING}}: the variable MISSING is not set
  2 | A = "{{env.MISSING}}"
    |      ^^^^^^^^^^^^^^^
hint: set it in the environment or in .env

lhrun.toml:4:18: {{env.HOMES}}: the variable HOMES is not set
  4 | env = { HOUSE = "{{env.HOMES}}" }
    |                  ^^^^^^^^^^^^^
hint: did you mean {{env.HOME}}?

lhrun.toml:6:14: {{env.ALSO_MISSING}}: the variable ALSO_MISSING is not set
  6 | command = "x {{env.ALSO_MISSING}}"
    |              ^^^^^^^^^^^^^^^^^^^^
hint: set it in the environment or in .env

lhrun.toml:7:18: "nonsense" is neither a path nor a URL
  7 | ready = { http = "{{env.WHERE}}" }
    |                  ^^^^^^^^^^^^^^^

lhrun.toml:10:17: "nonsense" is not host:port
  10 | ready = { tcp = "{{env.WHERE}}" }
     |                 ^^^^^^^^^^^^^^^
hint: such as "127.0.0.1:5432"`
	if got := mistakesOf(t, err).Error(); got != want {
		t.Errorf("got:\n%s\n\nwant:\n%s", got, want)
	}
}

func TestAMistakeShowsNoPassword(t *testing.T) {
	for _, ready := range []string{"http", "tcp"} {
		_, err := resolveIn(t, alone("[services.a]\ncommand='x'\nready={"+ready+"='{{env.AT}}'}"), "AT=pg://u:hunter22@h:x")
		if text := mistakesOf(t, err).Error(); strings.Contains(text, "hunter22") || !strings.Contains(text, "pg://u:***@h:x") {
			t.Errorf("%s: %s", ready, text)
		}
	}
}

func TestEnvFilesThatCannotBeRead(t *testing.T) {
	t.Run("one that vanished after loading", func(t *testing.T) {
		dir := tree(t, map[string]string{FileName: "env_file = 'a.env'\n[services.a]\ncommand='x'", "a.env": ""})
		p, err := Load(Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "a.env")); err != nil {
			t.Fatal(err)
		}
		_, err = p.Resolve(numbered(p))
		mistakes := mistakesOf(t, err)
		expectOne(t, mistakes, "a.env", "")
		if at := mistakes[0].Pos.String(); at != "lhrun.toml:1:12" {
			t.Errorf("it is at %s", at)
		}
	})
	t.Run("the .env that nobody named", func(t *testing.T) {
		_, err := resolveIn(t, map[string]string{FileName: "[services.a]\ncommand='x'", ".env": strings.Repeat("A=1234567\n", 2<<20)})
		if got, want := mistakesOf(t, err).Error(), ".env: cannot read it: it is larger than 16 MiB"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	t.Run("a .env that is a directory, as of Python", func(t *testing.T) {
		resolved(t, map[string]string{FileName: "[services.a]\ncommand='x'", ".env/bin/activate": ""})
	})
	t.Run("bad lines of a service's", func(t *testing.T) {
		_, err := resolveIn(t, map[string]string{
			FileName: "[services.a]\ncommand='x'\nenv_file='a.env'\n[services.b]\ncommand='x'\nenv_file='a.env'",
			"a.env":  "=1",
		})
		mistakes := mistakesOf(t, err)
		expectOne(t, mistakes, "no name before the =", "")
		if !strings.HasPrefix(mistakes.Error(), "a.env:1:1: ") {
			t.Errorf("got %v", mistakes)
		}
	})
}

func TestPortFiles(t *testing.T) {
	r := resolved(t, map[string]string{
		FileName: `
[dotenv]
".env" = {}
"web/.env.local" = { VITE_API_URL = "{{api-v2.url}}", N = 5, A = "{{env.A}}" }
[services.web]
command = "x"
[services.api-v2]
command = "x"
ports = { debug = "auto" }
url = "http://{{host}}:{{port}}/v2"
[services.worker]
command = "x"
port = false
[services.9p]
command = "x"
`,
		".env":  "WEB_URL=https://mine.test\n",
		"web/x": "",
	}, "A=b", "API_V2_URL=https://theirs.test")
	var got strings.Builder
	dir, _ := os.Getwd()
	for _, file := range r.Dotenv {
		rel, err := filepath.Rel(dir, file.Path)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(rel + ":\n")
		for _, v := range file.Vars {
			got.WriteString("  " + v.Key + "=" + v.Value + "\n")
		}
	}
	want := `.env:
  WEB_PORT=21001
  WEB_HOST=127.0.0.1
  WEB_ORIGIN=http://web.shop.localhost:21005
  API_V2_PORT=21002
  API_V2_HOST=127.0.0.1
  API_V2_PORT_DEBUG=21003
  API_V2_URL=http://127.0.0.1:21002/v2
  API_V2_ORIGIN=http://api-v2.shop.localhost:21005
web/.env.local:
  VITE_API_URL=http://127.0.0.1:21002/v2
  N=5
  A=b
`
	if got.String() != want {
		t.Errorf("got:\n%swant:\n%s", &got, want)
	}
}

func TestAnExternalServiceIsResolved(t *testing.T) {
	r := resolved(t, map[string]string{"lhrun.toml": `
[services.own]
external = true
port = 5432
[services.http]
external = "http://{{env.WHERE}}/healthz"
[services.db]
external = "postgres://app@127.0.0.1:5432/x"
[services.probed]
external = "http://127.0.0.1:1"
ready = { tcp = "127.0.0.1:2" }
`}, "WHERE=example.test:8080")
	want := map[string]supervisor.Probe{
		"own": {}, "http": {Kind: supervisor.ProbeHTTP, Target: "http://example.test:8080/healthz"},
		"db":     {Kind: supervisor.ProbeTCP, Target: "127.0.0.1:5432"},
		"probed": {Kind: supervisor.ProbeTCP, Target: "127.0.0.1:2"},
	}
	for _, s := range r.Services {
		if !s.External || len(s.Command) > 0 || !reflect.DeepEqual(s.Ready, want[s.Name]) {
			t.Errorf("%+v", s)
		}
		if url := map[string]string{"http": "http://example.test:8080/healthz", "db": "postgres://app@127.0.0.1:5432/x"}[s.Name]; url != "" && (s.URL != url || s.Port != 0) {
			t.Errorf("%s is at %q, port %d", s.Name, s.URL, s.Port)
		}
	}
	for text, want := range map[string]string{"nothing": `"nothing" is no URL`, "redis://h": "names no port to connect to"} {
		if _, err := resolveIn(t, map[string]string{"lhrun.toml": "[services.a]\nexternal = \"" + text + "\"\n"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
