package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// journal says by service the pids of all its lives: each writes its own down.
func journal(t testing.TB, dir string) map[string][]int {
	t.Helper()
	lives := map[string][]int{}
	files, _ := filepath.Glob(filepath.Join(dir, "pids", "*"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range strings.Fields(string(data)) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatal(err)
			}
			lives[filepath.Base(f)] = append(lives[filepath.Base(f)], pid)
		}
	}
	return lives
}

// begun are the services that have a life more in after than in before.
func begun(before, after map[string][]int) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if len(after[name]) > len(before[name]) {
			names = append(names, name)
		}
	}
	return names
}

// alive are the services whose last life goes on.
func alive(lives map[string][]int) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(lives)) {
		if pids := lives[name]; syscall.Kill(pids[len(pids)-1], 0) == nil {
			names = append(names, name)
		}
	}
	return names
}

// life is a command that writes its pid down; more follows.
const life = `echo $$ >>"$LHRUN_DIR/pids/$LHRUN_SERVICE"; exec "$LHRUN" serve site `

const reloaded = `
[services.db]
command = '''` + life + `'''
[services.api]
command = '''` + life + `'''
depends_on = { db = { restart = true } }
health = { http = "/", interval = "1h" }
[services.web]
command = '''` + life + `'''
depends_on = ["api"]
env = { UPSTREAM = "{{api.url}}" }
[services.worker]
command = '''echo $$ >>"$LHRUN_DIR/pids/$LHRUN_SERVICE"; echo up; exec sleep 1000'''
port = false
ready = { log = "^up$" }
`

const mail = "[services.mail]\ncommand = '''" + life + "'''\n"

// TestReloadRestartsExactlyWhatChanged edits the file of a running project.
func TestReloadRestartsExactlyWhatChanged(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", reloaded, ".env", "GREETING=one\n", "site/index.html", "hello", "pids/.keep", "")
	h.up(dir).wait("all ready")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	taken := busy.Addr().(*net.TCPAddr).Port

	text, last := reloaded, ""
	edit := func(old, new string) func() {
		return func() {
			if !strings.Contains(text, old) {
				t.Fatalf("there is no %q in\n%s", old, text)
			}
			text = strings.Replace(text, old, new, 1)
			h.write(dir, "lhrun.toml", text)
		}
	}
	dotenv := func(old, new string) func() {
		return func() {
			data, err := os.ReadFile(filepath.Join(dir, ".env"))
			if err != nil || !strings.Contains(string(data), old) {
				t.Fatalf("no %q in %s: %v", old, data, err)
			}
			h.write(dir, ".env", strings.Replace(string(data), old, new, 1))
		}
	}
	for _, step := range []struct {
		name   string
		edit   func()
		plan   []string // nil: nothing to do
		starts []string
		code   int
		errs   string
	}{
		{name: "a comment", edit: edit("[services.db]", "# The database.\n[services.db] # ours")},
		{name: "a reordering", edit: func() {
			before, worker, _ := strings.Cut(text, "[services.worker]")
			text = "[services.worker]" + worker + before
			h.write(dir, "lhrun.toml", text)
		}},
		{name: "an indentation", edit: edit("\ndepends_on = [\"api\"]", "\n\t  depends_on  =  [ 'api' ]")},
		{name: "a command", edit: edit("sleep 1000", "sleep 1001"),
			plan: []string{"restart worker: command changed"}, starts: []string{"worker"}},
		{name: "env", edit: edit("UPSTREAM = \"{{api.url}}\"", "UPSTREAM = \"{{api.url}}/v1\", MORE = \"secret\""),
			plan: []string{"restart web: env MORE changed, env UPSTREAM changed"}, starts: []string{"web"}},
		{name: "a value of .env", edit: dotenv("GREETING=one", "GREETING=two"),
			plan: []string{"restart worker: env GREETING changed", "restart db: env GREETING changed",
				"restart api: env GREETING changed", "restart web: env GREETING changed"},
			starts: []string{"api", "db", "web", "worker"}},
		{name: "a comment of .env", edit: dotenv("GREETING=two", "# it is\nGREETING='two'")},
		{name: "an added service", edit: edit("[services.web]", mail+"[services.web]"),
			plan: []string{"add mail: new in the file", "write .env: its block is out of date"}, starts: []string{"mail"}},
		{name: "a dependency that takes others along", edit: edit("serve site '''\n[services.api]", "serve site/ '''\n[services.api]"),
			plan: []string{"restart db: command changed", "restart api: db restarts"}, starts: []string{"api", "db"}},
		{name: "a removed service", edit: edit(mail, ""),
			plan: []string{"remove mail: no longer in the file", "write .env: its block is out of date"}},
		{name: "health alone", edit: edit(`interval = "1h"`, `interval = "2h"`), plan: []string{"update api: health changed"}},
		{name: "stop, restart and an edge", edit: edit("depends_on  =  [ 'api' ]", "depends_on = ['db', 'api']\nstop = { timeout = '3s' }\nrestart = 'always'"),
			plan: []string{"update web: depends_on changed, restart changed, stop changed"}},
		{name: "a broken file", edit: edit("[services.db]", "[services.db]\nnonsense = 1"), code: 2, errs: `unknown key "nonsense"`},
		{name: "and right again", edit: edit("\nnonsense = 1", "")},
		{name: "a broken .env", edit: dotenv("GREETING='two'", "GREETING='two"), code: 2, errs: ".env:2:"},
		{name: "and that one, too", edit: dotenv("GREETING='two", "GREETING='two'")},
		{name: "a port that is taken", edit: edit("port = false", fmt.Sprintf("port = %d", taken)), code: 3, errs: "is taken by pid"},
		{name: "another one", edit: edit(fmt.Sprintf("port = %d", taken), "port = false")},
		{name: "a new name", edit: edit("[services.worker]", "[services.job]"),
			plan: []string{"add job: new in the file", "remove worker: no longer in the file"}, starts: []string{"job"}},
		{name: "a removed dependency", edit: edit("depends_on = { db = { restart = true } }", ""),
			plan: []string{"update api: depends_on changed"}},
		{name: "another port file", edit: func() {
			text = "dotenv = \"ports.env\"\n" + text
			h.write(dir, "lhrun.toml", text)
		}, plan: []string{"write ports.env: its block is out of date", "write .env: no port file any more: its block goes"}},
		{name: "and back", edit: edit("dotenv = \"ports.env\"\n", ""),
			plan: []string{"write .env: its block is out of date", "write ports.env: no port file any more: its block goes"}},
		{name: "two at once", edit: func() {
			edit("sleep 1001", "sleep 1002")()
			edit("serve site/ '''", "serve site '''")()
		}, plan: []string{"restart job: command changed", "restart db: command changed"}, starts: []string{"db", "job"}},
	} {
		t.Run(step.name, func(t *testing.T) {
			h.t = t
			defer func() { last = step.name }()
			before := journal(t, dir)
			step.edit()
			want := strings.Join(append(slices.Clone(step.plan), ""), "\n")
			if step.plan == nil {
				want = "nothing to do\n"
			}
			if step.code == 0 {
				if out, errs, code := h.output(dir, "plan"); code != 0 || out != want || errs != "" {
					t.Errorf("plan: %d %s\n%swant\n%s", code, errs, out, want)
				}
				if dry, _, _ := h.output(dir, "up", "--dry-run"); dry != want {
					t.Errorf("up --dry-run: %s", dry)
				}
			}
			out, errs, code := h.output(dir, "reload")
			if code != step.code || !strings.Contains(errs, step.errs) {
				t.Errorf("reload after %q: exit code %d, want %d, %s\n%s", last, code, step.code, out, errs)
			}
			if code == 0 && !strings.HasPrefix(out, want) {
				t.Errorf("reload did\n%swant\n%s", out, want)
			}
			if strings.Contains(out+errs, "secret") {
				t.Errorf("a value is told:\n%s%s", out, errs)
			}
			after := journal(t, dir)
			if got := begun(before, after); !slices.Equal(got, step.starts) {
				t.Errorf("started were %v, want %v", got, step.starts)
			}
			for name := range after {
				if lives := len(after[name]) - len(before[name]); lives > 1 {
					t.Errorf("%s started %d times", name, lives)
				}
			}
			if step.code == 2 {
				_, checked, code := h.output(dir, "check")
				if code != 2 || checked != errs {
					t.Errorf("check says\n%s, reload\n%s", checked, errs)
				}
			} else if out, _, _ := h.output(dir, "plan"); step.code == 0 && out != "nothing to do\n" {
				t.Errorf("left to do: %s", out)
			}
		})
	}
	h.t = t
	if got := alive(journal(t, dir)); !slices.Equal(got, []string{"api", "db", "job", "web"}) {
		t.Errorf("alive are %v", got)
	}
	if got := holdersIn(h, dir); !slices.Equal(got, []string{"api", "db", "lhrun", "web"}) {
		t.Errorf("ports are leased for %v, want api, db, the front, web", got)
	}
	data, _ := os.ReadFile(filepath.Join(dir, ".env"))
	if strings.Contains(string(data), "MAIL_PORT") || !strings.HasPrefix(string(data), "# it is\nGREETING='two'\n") {
		t.Errorf(".env is\n%s", data)
	}
}

// holdersIn are the services of dir that hold a port now.
func holdersIn(h *home, dir string) (names []string) {
	h.t.Helper()
	out, errs, code := h.output(dir, "ports", "--json")
	var all []struct {
		Dir, Service string
		Live         bool
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 {
		h.t.Fatalf("ports --json: %d %v %s %s", code, err, out, errs)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all {
		if e.Live && e.Dir == real {
			names = append(names, e.Service)
		}
	}
	slices.Sort(names)
	return names
}
