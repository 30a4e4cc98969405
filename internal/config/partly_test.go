package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// partly resolves before, and then what of after is taken by names.
func partly(t *testing.T, before, after string, names ...string) (older, mixed, newer *Resolved, taken []string) {
	t.Helper()
	was, is := parsed(t, before), parsed(t, after)
	older, newer = resolvedOf(t, was), resolvedOf(t, is)
	mix, taken, err := was.Partly(is, names)
	if err != nil {
		t.Fatal(err)
	}
	return older, older.Partly(resolvedOf(t, mix), taken), newer, taken
}

// What is taken is as the newer state has it, the rest as the older one: a Diff tells of
// exactly the one, and then of the other.
func TestPartlyTakesWhatIsNamed(t *testing.T) {
	const before = `
env = { SHARED = "1", GONE = "1" }
[services.db]
command = "db"
[services.api]
command = "api"
depends_on = ["db"]
[services.web]
command = "web"
`
	const after = `
env = { SHARED = "2", FRESH = "1" }
[services.mail]
command = "mail"
[services.cache]
command = "cache"
[services.db]
command = "db --new"
[services.api]
command = "api"
depends_on = ["db", "cache"]
[services.web]
command = "web"
`
	for _, tt := range []struct{ names, taken, changed, left string }{
		{"db", "db", "db", "cache mail api web"},
		{"web", "web", "web", "cache mail db api"},
		{"api", "api cache", "cache api", "mail db web"},
		{"mail", "mail", "mail", "cache db api web"},
		{"mail cache db api web", "mail cache db api web", "mail cache db api web", ""},
	} {
		older, mixed, newer, taken := partly(t, before, after, strings.Fields(tt.names)...)
		if got := strings.Join(taken, " "); got != tt.taken {
			t.Errorf("%s: took %q, want %q", tt.names, got, tt.taken)
		}
		if got := servicesIn(Diff(older, mixed, nil)); !sameNames(got, tt.changed) {
			t.Errorf("%s: changed %q, want %q", tt.names, got, tt.changed)
		}
		if got := servicesIn(Diff(mixed, newer, nil)); !sameNames(got, tt.left) {
			t.Errorf("%s: left %q, want %q", tt.names, got, tt.left)
		}
		for _, svc := range mixed.Services {
			from := older
			if slices.Contains(taken, svc.Name) {
				from = newer
			}
			got, _ := mixed.Environ(svc.Name)
			want, _ := from.Environ(svc.Name)
			about := func(pair string) bool { // Of services that are not there yet.
				return strings.HasPrefix(pair, "MAIL_") || strings.HasPrefix(pair, "CACHE_")
			}
			if got, want = slices.DeleteFunc(got, about), slices.DeleteFunc(want, about); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %q, want %q", tt.names, svc.Name, got, want)
			}
			given := byKey(append(slices.Clone(mixed.Env), svc.Env...))
			if whole, _ := mixed.Environ(svc.Name); !slices.Equal(pairs(given), whole) {
				t.Errorf("%s: %s is given %q, want %q", tt.names, svc.Name, given, whole)
			}
		}
	}
}

// Of a mixture a further part can be taken.
func TestPartlyOfAMixture(t *testing.T) {
	const a = "env = { X = \"1\" }\n[services.a]\ncommand = \"a\"\n[services.b]\ncommand = \"b\"\n[services.c]\ncommand = \"c\"\n"
	first, second, third := parsed(t, a), parsed(t, strings.Replace(a, `"1"`, `"2"`, 1)), parsed(t, strings.Replace(a, `"1"`, `"3"`, 1))
	now, state := first, resolvedOf(t, first)
	for _, step := range []struct {
		to   *Project
		name string
	}{{second, "b"}, {third, "c"}} {
		mix, taken, err := now.Partly(step.to, []string{step.name})
		if err != nil {
			t.Fatal(err)
		}
		now, state = mix, state.Partly(resolvedOf(t, mix), taken)
	}
	for name, want := range map[string]string{"a": "X=1", "b": "X=2", "c": "X=3"} {
		if env, _ := state.Environ(name); !slices.Contains(env, want) {
			t.Errorf("%s: no %s in %q", name, want, env)
		}
	}
	if got := servicesIn(Diff(state, resolvedOf(t, second), nil)); !sameNames(got, "a c") {
		t.Errorf("from the second state differ %q", got)
	}
}

func TestWhatCannotBeTakenApartIsSaid(t *testing.T) {
	const two = "[services.db]\ncommand = \"db\"\n[services.api]\ncommand = \"api\"\ndepends_on = [\"db\"]\n"
	for _, tt := range []struct{ before, after, name, err string }{
		{two, "[services.api]\ncommand = \"api\"\n", "db", `cannot take only db from the file: service "api" waits for unknown service "db"; name more services, or none for the whole file`},
		{two, two, "dbb", `unknown service "dbb", did you mean "db"?`},
		{"[services.a]\ncommand = \"a\"\nport = 5000\n[services.b]\ncommand = \"b\"\n",
			"[services.a]\ncommand = \"a\"\nport = 5001\n[services.b]\ncommand = \"b\"\nport = 5000\n", "b", `services "a" and "b" are fixed on one port, 5000`},
		{two, "[services.db]\ncommand = \"db\"\nports = { admin = \"auto\" }\n[services.api]\ncommand = \"api {{db.ports.admin}}\"\n", "api", `service "db" has no port named "admin"`},
	} {
		_, _, err := parsed(t, tt.before).Partly(parsed(t, tt.after), []string{tt.name})
		if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
}

func servicesIn(changes []Change) (names []string) {
	for _, c := range changes {
		names = append(names, c.Service)
	}
	return names
}

func sameNames(got []string, want string) bool {
	return slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(strings.Fields(want))))
}

// parsed is a project of text, all in one directory.
func parsed(t *testing.T, text string) *Project {
	t.Helper()
	p, mistakes, err := readEither(filepath.Join(os.TempDir(), FileName), []byte(text), nil)
	if err != nil || len(mistakes) > 0 {
		t.Fatal(err, mistakes)
	}
	p.place("")
	return p
}

func resolvedOf(t *testing.T, p *Project) *Resolved {
	t.Helper()
	r, err := p.Resolve(steadily(p, "HOME=/home/x"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
