package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/logs"
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
			p, mistakes := parseProcfile("/src/My Shop/Procfile", []byte(test.text))
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
	_, mistakes := parseProcfile(filepath.Join(dir, ProcfileName), []byte(text))
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

Procfile:7:1: service "web" and service "Web" would share the variable WEB_PORT
  7 | Web: c
    | ^^^
hint: the first is at Procfile:1:1

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

func TestAProcfileNeedsAProcess(t *testing.T) {
	for text, want := range map[string]string{
		"":              "there are no processes",
		"# web: x\n\n":  "there are no processes",
		"\xff\xfew\x00": "UTF-16",
	} {
		_, mistakes := parseProcfile("/p/Procfile", []byte(text))
		if len(mistakes) != 1 || !strings.Contains(mistakes[0].Msg, want) {
			t.Errorf("%q: got %v, want %s", text, mistakes, want)
		}
	}
}

func TestAHundredMistakesAreEnough(t *testing.T) {
	_, mistakes := parseProcfile("/p/Procfile", []byte(strings.Repeat("x,y\n", 200_000)))
	if len(mistakes) != maxMistakes {
		t.Errorf("got %d", len(mistakes))
	}
}

func TestAProcfileReadsItsDotenv(t *testing.T) {
	tree(t, map[string]string{ProcfileName: "web: x\nworker: y\n", ".env": "A=1\nPORT=5000\n"})
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(numbered(p))
	if err != nil {
		t.Fatal(err)
	}
	r.has(t, "web", "A=1", "PORT=21001", "WORKER_PORT=21002", "LHRUN_SERVICE=web")
	r.has(t, "worker", "A=1", "PORT=21002", "WEB_URL=http://127.0.0.1:21001")
	if want := []string{".env:2: PORT=5000 is replaced by lhrun's: web 21001, worker 21002"}; !slices.Equal(r.Notices, want) {
		t.Errorf("notices are %q, want %q", r.Notices, want)
	}
	if _, err := os.Stat(".env"); err != nil || len(r.Dotenv) > 0 {
		t.Errorf("port files: %v, %v", r.Dotenv, err)
	}
}

func FuzzProcfile(f *testing.F) {
	for _, seed := range []string{"", "web: x", "\uFEFFa:b\r\n", "a: {{b\nA: c", "x\x00: y", ": :", "a:\n\tb : c"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, mistakes := parseProcfile("/p/Procfile", data)
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
			if _, bad := parseTemplate(s.Command.Args[0]); len(bad) > 0 || !logs.IsName(s.Name) {
				t.Errorf("%q: %q runs %q", data, s.Name, s.Command.Args[0].Raw)
			}
		}
	})
}
