package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/supervisor"
)

// steadily gives each port a number that depends on its name alone, as a registry
// does.
func steadily(p *Project, environ ...string) Runtime {
	run := numbered(p, environ...)
	run.Port = func(service, name string) int {
		for _, r := range p.Requests() {
			if r.Service == service && r.Name == name && r.Fixed != 0 {
				return r.Fixed
			}
		}
		n := 20000
		for _, c := range service + "." + name {
			n = (n*31+int(c))%10000 + 20000
		}
		return n
	}
	return run
}

const shop = `
[env]
LEVEL = "info"

[services.db]
command = "run-db"
env     = { A = "1", B = "2" }

[services.migrate]
type       = "task"
command    = "migrate"
depends_on = { db = { restart = true } }

[services.api]
command    = ["api", "-v"]
depends_on = ["db", "migrate"]
ready      = { http = "/healthz" }
health     = { http = "/healthz", interval = "10s" }
watch      = { paths = ["a", "b"], ignore = ["c", "d"] }

[services.web]
command    = "web"
env        = { UPSTREAM = "{{api.url}}" }
depends_on = ["api"]

[services.mail]
command = "mail"
port    = false
`

// state resolves one state of a project.
func state(t *testing.T, dir, text, env string, environ ...string) *Resolved {
	t.Helper()
	t.Chdir(dir)
	for name, data := range map[string]string{FileName: text, ".env": env} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Load(Options{})
	if err != nil {
		t.Fatalf("cannot load:\n%v", err)
	}
	r, err := p.Resolve(steadily(p, environ...))
	if err != nil {
		t.Fatalf("cannot resolve:\n%v", err)
	}
	return r
}

func told(changes []Change) []string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, fmt.Sprintf("%s %s: %s", c.Do, c.Service, strings.Join(c.Causes, ", ")))
	}
	return lines
}

// section cuts a service out of shop.
func section(name string) string {
	_, rest, _ := strings.Cut(shop, "[services."+name+"]")
	body, _, _ := strings.Cut(rest, "\n[")
	return "[services." + name + "]" + body + "\n"
}

func TestDiffNamesWhatDiffersAndNothingElse(t *testing.T) {
	edit := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(shop) }
	for name, test := range map[string]struct {
		text, env string
		want      []string
	}{
		"nothing":     {text: shop},
		"a comment":   {text: edit("[services.db]", "# the database\n[services.db]  # here")},
		"indentation": {text: edit("\ncommand", "\n\t command", "env     = {", "env={")},
		"order of keys": {text: edit(`{ A = "1", B = "2" }`, `{ B = "2", A = "1" }`,
			`["db", "migrate"]`, `["migrate", "db"]`, `["a", "b"]`, `["b", "a"]`, `["c", "d"]`, `["d", "c"]`)},
		"another way to write it": {text: edit(`depends_on = ["api"]`, `depends_on = { api = "ready" }`,
			`"10s"`, `"10000ms"`, `env        = { UPSTREAM = "{{api.url}}" }`, `env.UPSTREAM = '{{api.url}}'`)},
		"order of services": {text: section("web") + section("mail") + section("api") + section("migrate") +
			section("db") + "[env]\nLEVEL = \"info\"\n"},
		"command": {text: edit("-v", "-vv"), want: []string{"restart api: command changed"}},
		"command and edges": {text: edit("run-db", "run-db2"),
			want: []string{"restart db: command changed", "restart migrate: db restarts"}},
		"env of one": {text: edit(`B = "2"`, `C = "2"`),
			want: []string{"restart db: env B changed, env C changed", "restart migrate: db restarts"}},
		"env of all": {text: edit("info", "debug"), want: []string{
			"restart db: env LEVEL changed", "restart migrate: env LEVEL changed", "restart api: env LEVEL changed",
			"restart web: env LEVEL changed", "restart mail: env LEVEL changed"}},
		"a value of .env": {text: edit("LEVEL = \"info\"\n", ""), env: "LEVEL=secret\n", want: []string{
			"restart db: env LEVEL changed", "restart migrate: env LEVEL changed", "restart api: env LEVEL changed",
			"restart web: env LEVEL changed", "restart mail: env LEVEL changed"}},
		"a value of .env that loses": {text: shop, env: "LEVEL=secret\n"},
		"a comment in .env":          {text: shop, env: "# LEVEL=secret\n\n"},
		"an added service":           {text: shop + "[services.new]\ncommand = \"new\"\n", want: []string{"add new: new in the file"}},
		"a removed service": {text: strings.Replace(shop, strings.TrimSpace(section("mail")), "", 1),
			want: []string{"remove mail: no longer in the file"}},
		"a renamed service": {text: edit("services.mail", "services.post"),
			want: []string{"add post: new in the file", "remove mail: no longer in the file"}},
		"the port of one": {text: edit("run-db\"", "run-db\"\nport = 5432"), want: []string{
			"restart db: port changed", "restart migrate: env DB_PORT changed, env DB_URL changed",
			"restart api: env DB_PORT changed, env DB_URL changed"}},
		"a further port": {text: edit("command = \"mail\"", "command = \"mail\"\nports = { debug = \"auto\" }"),
			want: []string{"restart mail: ports changed"}},
		"the url of one": {text: edit("run-db\"", "run-db\"\nurl = \"postgres://x\""), want: []string{
			"update db: url changed", "restart migrate: env DB_ORIGIN changed, env DB_URL changed", "restart api: env DB_ORIGIN changed, env DB_URL changed"}},
		"a url that its own service has otherwise": {text: edit("run-db\"", "run-db\"\nurl = \"postgres://x\"", `A = "1"`, `A = "1", DB_URL = "{{url}}/x"`),
			want: []string{"restart db: url changed", "restart migrate: env DB_ORIGIN changed, env DB_URL changed", "restart api: env DB_ORIGIN changed, env DB_URL changed"}},
		"a url that its own service has by a template": {text: edit("run-db\"", "run-db\"\nurl = \"postgres://x\"", `A = "1"`, `A = "{{url}}"`),
			want: []string{"restart db: env A changed, url changed", "restart migrate: env DB_ORIGIN changed, env DB_URL changed", "restart api: env DB_ORIGIN changed, env DB_URL changed"}},
		"a url that a service without an edge uses": {text: edit("run-db\"", "run-db\"\nurl = \"postgres://x\"", `command = "mail"`, "command = \"mail\"\nenv = { A = \"{{db.url}}\" }"),
			want: []string{"update db: url changed", "restart migrate: env DB_ORIGIN changed, env DB_URL changed", "restart api: env DB_ORIGIN changed, env DB_URL changed", "restart mail: env A changed"}},
		"five variables of one": {text: edit(`B = "2"`, `C = "2", D = "", E = "", F = ""`),
			want: []string{"restart db: env B changed, env C changed, env D changed, env E changed, env F changed", "restart migrate: db restarts"}},
		"many variables of one": {text: edit(`B = "2"`, `C = "2", D = "", E = "", F = "", G = "", H = ""`),
			want: []string{"restart db: env B, C, D and 4 more changed", "restart migrate: db restarts"}},
		"a variable about a stranger that somebody sets": {text: edit("command = \"mail\"", "command = \"mail\"\nenv = { DB_URL = \"x\" }"),
			want: []string{"restart mail: env DB_URL changed"}},
		"a variable about a stranger that [env] sets": {text: edit("LEVEL = \"info\"", "LEVEL = \"info\"\nDB_PORT = \"1\""), want: []string{
			"restart db: env DB_PORT changed", "restart migrate: env DB_PORT changed", "restart api: env DB_PORT changed",
			"restart web: env DB_PORT changed", "restart mail: env DB_PORT changed"}},
		"health only": {text: edit("10s", "20s"), want: []string{"update api: health changed"}},
		"health by watchdog": {text: edit(`health     = { http = "/healthz", interval = "10s" }`, "health = { notify = true }"),
			want: []string{"restart api: health changed"}},
		"ready, stop, watch, restart, description": {text: edit(`ready      = { http = "/healthz" }`,
			"ready = { tcp = true }\nstop = { signal = \"INT\" }\nkeep = [\"java\"]\nrestart = \"always\"\ndescription = \"d\"", `["a", "b"]`, `["a"]`),
			want: []string{"update api: description changed, ready changed, restart changed, keep changed, stop changed, watch changed"}},
		"depends_on": {text: edit(`depends_on = ["api"]`, `depends_on = ["api", "mail"]`), want: []string{"update web: depends_on changed"}},
		"type, tty, stdin, listen, working_dir": {text: edit(`command = "mail"`, "command = \"mail\"\ntype = \"task\"\nworking_dir = \"/\"",
			`command = "run-db"`, "command = \"run-db\"\ntty = true\nstdin = \"null\"\nlisten = \"fd\""), want: []string{
			"restart db: tty changed, stdin changed, listen changed", "restart migrate: db restarts", "restart mail: type changed, working_dir changed, restart changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, nil)
			older := state(t, dir, shop, "", "PATH=/bin")
			newer := state(t, dir, test.text, test.env, "PATH=/bin")
			if got := told(Diff(older, newer, nil)); !slices.Equal(got, test.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(test.want, "\n  "))
			}
			if got := told(Diff(newer, newer, nil)); got != nil {
				t.Errorf("against itself: %q", got)
			}
		})
	}
}

// A url is for others: its own service restarts only if it needs it.
func TestDiffOfAURL(t *testing.T) {
	for config, want := range map[string]string{
		`command = "db"`:                                        "update db: url changed",
		`command = "db --public $DB_URL"`:                       "restart db: url changed",
		`command = ["sh", "-c", "exec db \"${DB_URL}\""]`:       "restart db: url changed",
		`command = "db --public {{url}}"`:                       "restart db: command changed, url changed",
		"command = \"db\"\nenv = { PUBLIC = \"{{url}}\" }":      "restart db: env PUBLIC changed, url changed",
		"command = \"db\"\nenv = { DB_URL = \"{{url}}/x\" }":    "restart db: url changed",
		"command = \"db\"\nready = { exec = \"ping $DB_URL\" }": "update db: url changed",
		"command = \"db\"\nready = { exec = \"ping {{url}}\" }": "update db: url changed, ready changed",
	} {
		dir := tree(t, nil)
		text := "[services.other]\ncommand = \"x\"\n[services.db]\n" + config + "\nurl = "
		older, newer := state(t, dir, text+`"postgres://a"`, ""), state(t, dir, text+`"postgres://b"`, "")
		if got := told(Diff(older, newer, nil)); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", config, got, want)
		}
	}
}

func TestDiffCarriesRestartsAlongAllEdges(t *testing.T) {
	text := `
[services.d]
command = "d"
depends_on = { c = { restart = true } }
[services.c]
command = "c"
depends_on = { b = { restart = true } }
stop = { timeout = "1s" }
[services.b]
command = "b"
depends_on = { a = { restart = true } }
[services.a]
command = "a"
`
	dir := tree(t, nil)
	older := state(t, dir, text, "")
	newer := state(t, dir, strings.NewReplacer(`"a"`, `"aa"`, `"1s"`, `"2s"`).Replace(text), "")
	want := []string{"restart d: c restarts", "restart c: b restarts, stop changed", "restart b: a restarts", "restart a: command changed"}
	if got := told(Diff(older, newer, nil)); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := told(Diff(newer, state(t, dir, strings.ReplaceAll(text, "{ restart = true }", `"started"`), ""), nil)); slices.ContainsFunc(got, func(l string) bool {
		return strings.HasPrefix(l, "restart") && !strings.HasPrefix(l, "restart a")
	}) {
		t.Errorf("without edges: %q", got)
	}
}

func TestDiffNeverTellsAValue(t *testing.T) {
	dir := tree(t, nil)
	older := state(t, dir, shop, "PASSWORD=hunter1\n")
	newer := state(t, dir, strings.ReplaceAll(shop, `"info"`, `"hunter3"`), "PASSWORD=hunter2\n")
	got := strings.Join(told(Diff(older, newer, nil)), "\n")
	if strings.Contains(got, "hunter") || !strings.Contains(got, "env PASSWORD changed") {
		t.Errorf("told %s", got)
	}
}

func TestDiffMindsHowServicesAre(t *testing.T) {
	is := func(name string, state supervisor.State, wanted bool) supervisor.Status {
		return supervisor.Status{Name: name, State: state, Wanted: wanted}
	}
	for _, test := range []struct {
		name, from, to string
		status         supervisor.Status
		want           []string
	}{
		{"a stopped service does not restart, nor what restarts with it", "run-db", "run-db2",
			is("db", supervisor.StateStopped, false), []string{"update db: command changed"}},
		{"one that has stopped by itself does", "run-db", "run-db2", is("db", supervisor.StateStopped, true),
			[]string{"restart db: command changed", "restart migrate: db restarts"}},
		{"a stopped dependent stays", "run-db", "run-db2", is("migrate", supervisor.StateStopped, false),
			[]string{"restart db: command changed"}},
		{"a failed service starts for any change", "10s", "20s", is("api", supervisor.StateFailed, true),
			[]string{"restart api: health changed"}},
		{"one in backoff too", "10s", "20s", is("api", supervisor.StateBackoff, true), []string{"restart api: health changed"}},
		{"a starting one for another ready", `ready      = { http = "/healthz" }`, "ready = { tcp = true }",
			is("api", supervisor.StateStarting, true), []string{"restart api: ready changed"}},
		{"but not for other changes", "10s", "20s", is("api", supervisor.StateStarting, true), []string{"update api: health changed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, nil)
			older := state(t, dir, shop, "")
			newer := state(t, dir, strings.ReplaceAll(shop, test.from, test.to), "")
			if got := told(Diff(older, newer, []supervisor.Status{test.status})); !slices.Equal(got, test.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}
