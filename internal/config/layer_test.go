package config

import (
	"strings"
	"testing"
)

func TestValuesThatALayerSetsOtherwise(t *testing.T) {
	const api = "[services.api]\ncommand='x'\n"
	const wins = ", and lhrun's value wins, since it is in the environment; `env_file = false` leaves these files to the framework"
	for _, test := range []struct {
		name, toml string
		files      map[string]string
		want       string
	}{
		{"a test database", api, map[string]string{".env": "A=1\nDATABASE_URL=dev\n", ".env.test": "\nDATABASE_URL=test\nB=2\n"},
			".env.test:2: DATABASE_URL differs from .env"},
		{"local", api, map[string]string{".env": "A=1\n", ".env.local": "A=2"}, ".env.local:1: A differs from .env"},
		{"development", api, map[string]string{".env": "A=1\n", ".env.development": "A=2"}, ".env.development:1: A differs from .env"},
		{"a mode's local one", api, map[string]string{".env": "A=1\n", ".env.test.local": "A=2"}, ".env.test.local:1: A differs from .env"},
		{"any mode", api, map[string]string{".env": "A=1\n", ".env.e2e": "A=2"}, ".env.e2e:1: A differs from .env"},
		{"many", api, map[string]string{".env": "A=1\nB=1\nC=1\nD=1", ".env.local": "A=2\nB=2\nD=1\n", ".env.test": "B=3\nC=3\nE=1"},
			".env.local:1: A and 2 more differ from .env"},
		{"the same", api, map[string]string{".env": "A=1\n", ".env.local": "A=1\nB=2"}, ""},
		{"no .env", api, map[string]string{".env.local": "A=1\n", ".env.test": "A=2\n"}, ""},
		{"false", "env_file=false\n" + api, map[string]string{".env": "A=1\n", ".env.local": "A=2"}, ""},
		{"examples and others", api, map[string]string{".env": "A=1\n", ".env.example": "A=2", ".env.sample": "A=2", ".env.bak": "A=2",
			".env.d.ts": "A=2", ".env.": "A=2", ".environment": "A=2", ".env.vault": "A=2", "env.local": "A=2", ".env.local~": "A=2"}, ""},
		{"one that lhrun reads", "env_file=['.env','.env.local']\n" + api, map[string]string{".env": "A=1\n", ".env.local": "A=2"}, ""},
		{"one over both that lhrun reads", "env_file=['.env','.env.local']\n" + api,
			map[string]string{".env": "A=1\n", ".env.local": "A=2", ".env.test": "A=3"}, ".env.test:1: A differs from .env.local"},
		{"a service's", api + "env_file='x/a.env'\n", map[string]string{"x/a.env": "A=1\n", "x/.env.local": "A=2"}, "x/.env.local:1: A differs from x/a.env"},
		{"the environment's", api, map[string]string{".env": "OS=1\n", ".env.local": "OS=2"}, ""},
		{"[env]'s", "[env]\nA='3'\n" + api, map[string]string{".env": "A=1\n", ".env.local": "A=2"}, ""},
		{"lhrun's", api, map[string]string{".env": "LHRUN=/bin/lhrun\nAPI_PORT=21001\n", ".env.local": "LHRUN=2\nAPI_PORT=2\n"}, ""},
		{"a block", api, map[string]string{".env": "A=1\n", ".env.local": "# >>> lhrun >>>\nA=2\n# <<< lhrun <<<\n"}, ""},
		{"what the framework reads sameVariable", api, map[string]string{".env": "A=1\nB=${A}x\n", ".env.local": "B=${A}x"}, ""},
		{"one that cannot be read", api, map[string]string{".env": "A=1\n", ".env.local": "A='2"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.files[FileName] = test.toml
			r := resolved(t, test.files, "OS=0")
			want := test.want
			if want != "" {
				want += wins
			}
			if got := strings.Join(r.Notices, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
