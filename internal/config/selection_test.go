package config

import (
	"slices"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/ports"
)

func TestEveryPortIsRequested(t *testing.T) {
	tree(t, alone(`
[services.a]
command = "x"
ports = { y = 8001, x = "auto" }
[services.b]
command = "x"
port = false
ports = { z = "auto" }
[services.c]
command = "x"
port = 8000
[services.d]
type = "task"
command = "x"
`))
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []ports.Request{
		{Service: "a"}, {Service: "a", Name: "y", Fixed: 8001}, {Service: "a", Name: "x"},
		{Service: "b", Name: "z"}, {Service: "c", Fixed: 8000},
		{Service: "lhrun", Name: "front"},
	}
	if got := p.Requests(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSelect(t *testing.T) {
	tree(t, alone(`
[services.web]
command = "x"
depends_on = ["api"]
[services.api]
command = "x"
depends_on = ["db", "migrate"]
[services.migrate]
type = "task"
command = "x"
depends_on = ["db"]
[services.db]
command = "x"
autostart = false
[services.mail]
command = "x"
profiles = ["mail", "full"]
depends_on = ["smtp"]
[services.smtp]
command = "x"
profiles = ["never"]
[services.docs]
command = "x"
autostart = false
[services.debug]
command = "x"
autostart = false
profiles = ["full"]
`))
	p, err := Load(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(p.Order(), " "); got != "db migrate api web smtp mail docs debug" {
		t.Errorf("the order is %s", got)
	}
	for _, test := range []struct {
		name, names, profiles string
		noDeps                bool
		want                  string
	}{
		{"all", "", "", false, "db migrate api web"},
		{"all without what they need", "", "", true, "migrate api web"},
		{"a profile brings what it needs", "", "full", false, "db migrate api web smtp mail"},
		{"another profile", "", "mail never", true, "migrate api web smtp mail"},
		{"by name", "docs", "", false, "docs"},
		{"by name and what it needs", "api", "", false, "db migrate api"},
		{"by name alone", "web api", "", true, "api web"},
		{"a name is enough for a profile", "mail", "", false, "smtp mail"},
		{"a name beside a profile", "docs", "full", false, "docs"},
		{"twice", "docs docs", "", false, "docs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := p.Select(strings.Fields(test.names), strings.Fields(test.profiles), test.noDeps)
			if err != nil || strings.Join(got, " ") != test.want {
				t.Errorf("got %v and %v, want %s", got, err, test.want)
			}
		})
	}
	for _, test := range []struct{ names, profiles, want string }{
		{"ap", "", `unknown service "ap", did you mean "api"?`},
		{"zzz", "", `unknown service "zzz"; it is one of web, api, migrate, db, mail, smtp, docs, debug`},
		{"", "mial", `unknown profile "mial", did you mean "mail"?`},
	} {
		if _, err := p.Select(strings.Fields(test.names), strings.Fields(test.profiles), false); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
