package config

import (
	"slices"
	"strings"
	"testing"
)

func TestServicesHaveOriginsAndWhoHasNone(t *testing.T) {
	r := resolved(t, alone(`
[front]
wait = "5s"
[services.web]
command = "web"
host = ["", "www"]
[services.api]
command = "api"
env = { OWN = "{{origin}}", WEB = "{{web.origin}}" }
[services.www]
command = "it is taken"
[services.none]
command = "none"
host = false
[services.db]
command = "postgres"
[services.worker]
command = "work"
port = false
[services.tenants]
command = "t"
host = "*.tenants"
url = "https://{{host}}:{{port}}"
`))
	for name, want := range map[string]string{
		"web": "shop.localhost www.shop.localhost", "api": "api.shop.localhost", "www": "", "none": "", "db": "",
		"worker": "", "tenants": "*.tenants.shop.localhost",
	} {
		if got := strings.Join(r.serviceOf(t, name).Names, " "); got != want {
			t.Errorf("%s has the names %q, want %q", name, got, want)
		}
	}
	port := r.Front.Port
	if port == 0 || r.Front.Domain != "shop.localhost" || r.Front.Wait.Seconds() != 5 || r.Front.Secure {
		t.Errorf("the front is %+v", r.Front)
	}
	origin := r.serviceOf(t, "web").Origin
	r.has(t, "api", "LHRUN_ORIGIN="+r.serviceOf(t, "api").Origin, "OWN="+r.serviceOf(t, "api").Origin,
		"WEB="+origin, "WEB_ORIGIN="+origin, "DB_ORIGIN", "NONE_ORIGIN", "TENANTS_ORIGIN")
	r.has(t, "db", "LHRUN_ORIGIN")
	if !slices.ContainsFunc(r.Notices, func(n string) bool { return strings.Contains(n, `"www" has no origin, since "web" has the host "www"`) }) {
		t.Errorf("notices: %q", r.Notices)
	}
}

func TestWithoutAFrontThereAreNoOrigins(t *testing.T) {
	r := resolved(t, alone("front=false\n[services.web]\ncommand='x'\nhost='a'"))
	r.has(t, "web", "LHRUN_ORIGIN", "WEB_ORIGIN")
	if r.Front != (ResolvedFront{}) || len(r.serviceOf(t, "web").Names) > 0 {
		t.Errorf("%+v, %q", r.Front, r.serviceOf(t, "web").Names)
	}
}
