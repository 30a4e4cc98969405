package config

import (
	"strings"
	"testing"
)

const fourServices = `
[services.api]
command = "x"
ports = { debug = "auto", metrics = "auto" }
[services.worker]
command = "x"
port = false
[services.migrate]
type = "task"
command = "x"
[services.shop-front]
command = "x"
`

func TestReferencesAreChecked(t *testing.T) {
	for _, test := range []struct{ name, line, msg, hint string }{
		{"another's", `env = { A = "{{api.port}}{{api.host}}{{api.url}}{{api.ports.debug}}" }`, "", ""},
		{"own", `env = { A = "{{port}}{{host}}{{url}}{{project}}{{instance}}{{dir}}" }`, "", ""},
		{"later ones", `env = { A = "{{shop-front.port}}" }`, "", ""},
		{"unknown service", `env = { A = "{{apo.url}}" }`,
			`{{apo.url}} names unknown service "apo"`, "did you mean {{api.url}}?"},
		{"quite unknown service", `env = { A = "{{postgres.port}}" }`,
			`names unknown service "postgres"`, "services are x, api, worker, migrate, shop-front"},
		{"unknown port", `env = { A = "{{api.ports.debgu}}" }`,
			`{{api.ports.debgu}}: service "api" has no port named "debgu"`, "did you mean {{api.ports.debug}}?"},
		{"quite unknown port", `env = { A = "{{api.ports.x}}" }`,
			`service "api" has no port named "x"`, "its ports are debug, metrics"},
		{"own unknown port", `env = { A = "{{ports.grpc}}" }`,
			`{{ports.grpc}}: service "x" has no port named "grpc"`, `ports = { grpc = "auto" }`},
		{"no port", `env = { A = "{{worker.port}}" }`,
			`{{worker.port}}: service "worker" has no port`, "port = false"},
		{"no url", `env = { A = "{{worker.url}}" }`,
			`{{worker.url}}: service "worker" has no url`, `a port or a "url"`},
		{"a task", `env = { A = "{{migrate.port}}" }`,
			`service "migrate" has no port`, "a task has a port only with"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "[services.x]\ncommand = 'x'\n" + test.line + fourServices
			_, mistakes := read("/p/lhrun.toml", []byte(text), nil, nil)
			expectOne(t, mistakes, test.msg, test.hint)
		})
	}
}

func TestAPortFileBelongsToNoService(t *testing.T) {
	text := "[dotenv]\nweb = { A = '{{port}}' }\n[services.api]\ncommand = 'x'\n"
	_, mistakes := read("/p/lhrun.toml", []byte(text), nil, nil)
	expectOne(t, mistakes, "{{port}} is a service's own, and here is no service", "name one: {{api.port}}")
}

func TestURLCyclesAreMistakes(t *testing.T) {
	for _, test := range []struct{ name, a, b, c, want string }{
		{"none", "{{b.url}}/a", "{{c.url}}/b", "http://c", ""},
		{"two", "{{b.url}}/a", "{{a.url}}/b", "http://c", "a → b → a"},
		{"its own", "http://a", "{{url}}/b", "http://c", "b → b"},
		{"its own by name", "http://a", "{{b.url}}/b", "http://c", "b → b"},
		{"three", "{{c.url}}", "{{a.url}}", "{{b.url}}", "a → c → b → a"},
		{"ports are no cycle", "{{b.port}}", "{{a.port}}", "http://c", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "[services.a]\ncommand='x'\nurl='" + test.a + "'\n[services.b]\ncommand='x'\nurl='" + test.b +
				"'\n[services.c]\ncommand='x'\nurl='" + test.c + "'\n"
			_, mistakes := read("/p/lhrun.toml", []byte(text), nil, nil)
			want := test.want
			if want != "" {
				want = "urls need each other in a circle: " + want
			}
			expectOne(t, mistakes, want, "")
		})
	}
}

// expectOne wants one mistake that contains msg and hint, or none for "".
func expectOne(t *testing.T, mistakes Mistakes, msg, hint string) {
	t.Helper()
	switch {
	case msg == "" && len(mistakes) == 0:
	case msg == "" || len(mistakes) != 1:
		t.Errorf("want %q, got %d mistakes:\n%v", msg, len(mistakes), mistakes)
	case !strings.Contains(mistakes[0].Msg, msg) || !strings.Contains(mistakes[0].Hint, hint):
		t.Errorf("want %q with hint %q, got:\n%v", msg, hint, mistakes)
	}
}
