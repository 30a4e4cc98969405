package config

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/supervisor"
)

func TestProcfile(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"one", "web: ./serve", "web=./serve"},
		{"no space", "web:./serve -p $PORT", "web=./serve -p $PORT"},
		{"spaces anywhere", " \tweb \t:\t ./serve  now \t", "web=./serve  now"},
		{"comments and blank lines", "# a: b\n\n  # c\n \t \nweb: x # y\n", "web=x # y"},
		{"CRLF", "web: a\r\nworker: b\r\n", "web=a worker=b"},
		{"a byte order mark", "\uFEFFweb: a\nworker: b", "web=a worker=b"},
		{"colons in the command", "web: a --x=b:c", "web=a --x=b:c"},
		{"all names", "A-1_b: x\n9: y", "A-1_b=x 9=y"},
		{"templates are text", "web: docker ps --format '{{.ID}}' {{{ {{port}}", "web=docker ps --format '{{.ID}}' {{{ {{port}}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, mistakes := parseProcfile("/src/My Shop/Procfile", []byte(test.text), nil)
			if len(mistakes) > 0 {
				t.Fatal(mistakes)
			}
			r, err := p.Resolve(numbered(p))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, s := range r.Services {
				if !slices.Equal(s.Command[:2], []string{"sh", "-c"}) || s.Dir != "/src/My Shop" {
					t.Errorf("runs %q in %s", s.Command, s.Dir)
				}
				if s.Ready.Kind != supervisor.ProbeNone || s.Restart.Policy != supervisor.RestartNo || s.Port != 21001+i {
					t.Errorf("not as foreman: %+v", s)
				}
				got = append(got, s.Name+"="+s.Command[2])
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %s", got, test.want)
			}
			if p.Name != "my-shop" || !p.Procfile || len(p.Dotenv) > 0 {
				t.Errorf("the project is %+v", p)
			}
		})
	}
}

func TestProcfileMistakes(t *testing.T) {
	dir := tree(t, nil)
	text := "\uFEFFweb: a\r\nnothing here\r\n  : x\n my web: x\nworker:  \nweb: b\nWeb: c\n-x: y\nz: a\x00b\nrelease : d\nlhrun: e"
	_, mistakes := parseProcfile(filepath.Join(dir, ProcfileName), []byte(text), nil)
	want := `Procfile:2:1: this line names no process
  2 | nothing here
    | ^^^^^^^^^^^^
hint: a line is NAME: COMMAND, or a comment after #

Procfile:3:3: there is no name before the colon
  3 |   : x
    |   ^

Procfile:4:2: "my web" cannot be the name of a process: it takes letters, digits, - and _, and no - or _ first
  4 |  my web: x
    |  ^^^^^^
hint: did you mean "my-web"?

Procfile:5:1: process "worker" has no command
  5 | worker:  
    | ^^^^^^

Procfile:6:1: process "web" is there twice
  6 | web: b
    | ^^^
hint: the first is on line 1

Procfile:8:1: "-x" cannot be the name of a process: it takes letters, digits, - and _, and no - or _ first
  8 | -x: y
    | ^^
hint: did you mean "x"?

Procfile:9:4: the command of process "z" holds a NUL character
  9 | z: a�b
    |    ^^^

Procfile:11:1: "lhrun" cannot be the name of a process: it is before lhrun's own lines in the logs
  11 | lhrun: e
     | ^^^^^
hint: another name will do, such as "lhrun-dev"`
	if got := mistakes.Error(); got != want {
		t.Errorf("got:\n%s\n\nwant:\n%s", got, want)
	}
}

func TestAProcfileSaysWhereItsProcessesListen(t *testing.T) {
	for line, want := range map[string]string{
		"web: bin/serve":                           "http://127.0.0.1:21001",
		"jobs: bin/serve --port $PORT":             "http://127.0.0.1:21001",
		"my-api: x":                                "http://127.0.0.1:21001",
		"build: x":                                 "",
		"mapper: x":                                "",
		"jobs: bundle exec sidekiq":                "",
		"worker: php artisan queue:listen":         "",
		"web: bin/rails server -p 3000":            "http://127.0.0.1:3000 3000",
		"web: bin/rails server -p3000 -b 0.0.0.0":  "http://127.0.0.1:3000 3000",
		"admin: ./admin --port=8081":               "http://127.0.0.1:8081 8081",
		"x: PORT=5001 node x.js":                   "http://127.0.0.1:5001 5001",
		"x: gunicorn app:app --bind 0.0.0.0:8000":  "http://127.0.0.1:8000 8000",
		"x: puma -b tcp://[::]:9292":               "http://127.0.0.1:9292 9292",
		"web: puma -p ${PORT:-3000}":               "http://127.0.0.1:21001",
		"db: docker run -p 5432:5432 postgres":     "",
		"tunnel: ssh -p 2222 example.com":          "",
		"x: redis-cli -p 6379 monitor":             "",
		"x: mkdir -p 2024 && ./x":                  "",
		"x: ./x --port 99999":                      "",
		"x: ./x --port 1":                          "",
		"x: ./x --port 70 --verbose":               "http://127.0.0.1:70 70",
		"x: wait-on tcp:3000 --port 3000 && npm t": "",
	} {
		p, mistakes := parseProcfile("/p/Procfile", []byte(line), nil)
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", line, mistakes)
			continue
		}
		r, err := p.Resolve(leased(p))
		if err != nil {
			t.Fatal(err)
		}
		got := r.Services[0].URL
		if number := p.Services[0].Port.Number; number != 0 {
			got += " " + strconv.Itoa(number)
		}
		if got != want {
			t.Errorf("%s: at %q, want %q", line, got, want)
		}
	}
}

// leased is numbered, with the fixed ports as they are.
func leased(p *Project) Runtime {
	run := numbered(p)
	automatic := run.Port
	run.Port = func(service, name string) int {
		if s := p.service(service); name == "" && s.Port.Number != 0 {
			return s.Port.Number
		}
		return automatic(service, name)
	}
	return run
}

func TestTwoProcessesOnOneFixedPort(t *testing.T) {
	p, mistakes := parseProcfile("/p/Procfile", []byte("web: x --port 3000\nother: y --port 3000\n"), nil)
	if len(mistakes) > 0 || p.Services[0].Port.Number != 3000 || p.Services[1].Port.Number != 0 {
		t.Errorf("%+v %v", p, mistakes)
	}
}

func TestAReleaseIsStartedOnlyByName(t *testing.T) {
	p, mistakes := parseProcfile("/p/Procfile", []byte("release: ./migrate\nweb: ./serve\n"), nil)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for want, names := range map[string][]string{"web": nil, "release": {"release"}} {
		got, err := p.Select(names, nil, false)
		if err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%v starts %v, %v; want %s", names, got, err, want)
		}
	}
	r, err := p.Resolve(numbered(p))
	if err != nil || len(r.Notices) != 1 || !strings.Contains(r.Notices[0], "lhrun start release") {
		t.Errorf("told %q, %v", r.Notices, err)
	}
	if s := r.Services[0]; !s.Task || s.Port != 0 || s.URL != "" {
		t.Errorf("release is %+v", s)
	}
}

func TestAProcfileNeedsAProcess(t *testing.T) {
	for text, want := range map[string]string{
		"":              "there are no processes",
		"# web: x\n\n":  "there are no processes",
		"\xff\xfew\x00": "UTF-16",
	} {
		_, mistakes := parseProcfile("/p/Procfile", []byte(text), nil)
		if len(mistakes) != 1 || !strings.Contains(mistakes[0].Msg, want) {
			t.Errorf("%q: got %v, want %s", text, mistakes, want)
		}
	}
}

func TestAHundredMistakesAreEnough(t *testing.T) {
	_, mistakes := parseProcfile("/p/Procfile", []byte(strings.Repeat("x,y\n", 200_000)), nil)
	if last := len(mistakes) - 1; last != maxTold || mistakes[last].Msg != "and 199900 more mistakes" {
		t.Errorf("got %d, the last is %v", len(mistakes), mistakes[last])
	}
}

func TestAProcfileReadsItsDotenv(t *testing.T) {
	r := resolved(t, map[string]string{ProcfileName: "web: x\nworker: y -p $PORT\n", ".env": "A=1\nPORT=5000\nPS=x\n"})
	r.has(t, "web", "A=1", "PORT=21001", "WORKER_PORT=21002", "LHRUN_SERVICE=web", "PS=web.1")
	r.has(t, "worker", "A=1", "PORT=21002", "WEB_URL", "PS=worker.1")
	r.has(t, "", "PS=x")
	if url := r.Services[0].URL; url != "http://127.0.0.1:21001" {
		t.Errorf("web is at %q", url)
	}
	want := []string{".env:2: PORT=5000 is replaced by lhrun's: web 21001, worker 21002",
		".env:3: PS=x is replaced by lhrun's: web web.1, worker worker.1"}
	if !slices.Equal(r.Notices, want) {
		t.Errorf("notices are %q, want %q", r.Notices, want)
	}
	if _, err := os.Stat(".env"); err != nil || len(r.Dotenv) > 0 {
		t.Errorf("port files: %v, %v", r.Dotenv, err)
	}
}

func TestOnlyAProcfileSetsPS(t *testing.T) {
	resolved(t, alone("[services.web]\ncommand='x'")).has(t, "web", "PS")
}

// TestOthersAreToldOfWhoUsesPORT: a process that does not listens on a port of its
// own, or on none.
func TestOthersAreToldOfWhoUsesPORT(t *testing.T) {
	for command, told := range map[string]bool{
		"run -p $PORT": true, "run -p ${PORT}": true, "run ${PORT:-3000}": true, `sh -c "run :$PORT"`: true, "run $PORT/x": true,
		"run": false, "redis-server": false, "run $PORTAL": false, "run ${PORT_X}": false, "PORT=1 run": false, "run PORT": false,
	} {
		r := resolved(t, map[string]string{ProcfileName: "a: " + command + "\nb: x\n"})
		r.has(t, "a", "PORT=21001")
		if told {
			r.has(t, "b", "A_PORT=21001", "A_HOST=127.0.0.1", "A_URL=http://127.0.0.1:21001")
		} else {
			r.has(t, "b", "A_PORT", "A_HOST", "A_URL")
		}
	}
}

func TestTwoProcessesOfOneVariable(t *testing.T) {
	r := resolved(t, map[string]string{ProcfileName: "web: x $PORT\nfoo-bar: a $PORT\nfoo_bar: b $PORT\nWEB: c\n"})
	r.has(t, "web", "WEB_PORT=21001", "FOO_BAR_PORT", "FOO_BAR_HOST", "FOO_BAR_URL")
	r.has(t, "foo_bar", "PORT=21003", "PS=foo_bar.1")
	want := []string{`Procfile:3: "foo-bar" and "foo_bar" would share the variable FOO_BAR_PORT, so neither has it`}
	if !slices.Equal(r.Notices, want) {
		t.Errorf("notices are %q, want %q", r.Notices, want)
	}
}

func FuzzProcfile(f *testing.F) {
	for _, seed := range []string{"", "web: x", "\uFEFFa:b\r\n", "a: {{b\nA: c", "x\x00: y", ": :", "a:\n\tb : c"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, mistakes := parseProcfile("/p/Procfile", data, nil)
		if (p == nil) != (len(mistakes) > 0) {
			t.Fatalf("%v beside %v", p, mistakes)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, m := range mistakes {
			if m.Pos.Line > lines || !strings.HasPrefix(m.String(), "/p/Procfile") {
				t.Errorf("%q: %+v", data, m)
			}
		}
		if p == nil {
			return
		}
		for _, s := range p.Services {
			if _, bad := parseTemplate(s.Command.Args[0]); len(bad) > 0 || !words.IsName(s.Name) {
				t.Errorf("%q: %q runs %q", data, s.Name, s.Command.Args[0].Raw)
			}
		}
	})
}
