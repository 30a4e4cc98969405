package config

import "testing"

func TestSuggest(t *testing.T) {
	services := []string{"api", "db", "cache", "web", "web-admin"}
	keys := []string{"command", "description", "depends_on", "env", "env_file", "interval", "timeout"}
	for _, test := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"cahce", services, "cache"},
		{"Cache", services, "cache"},
		{"chache", services, "cache"},
		{"ap", services, "api"},
		{"wbe", services, "web"},
		{"web-", services, "web"},
		{"web-a", services, "web-admin"},
		{"x", services, ""},
		{"", services, ""},
		{"zzz", services, ""},
		{"postgres", services, ""},
		{"depend_on", keys, "depends_on"},
		{"depends-on", keys, "depends_on"},
		{"desc", keys, "description"},
		{"evn", keys, "env"},
		{"command", keys, ""},
		{"x", nil, ""},
		{"x", []string{""}, ""},
	} {
		if got := Suggest(test.word, test.candidates); got != test.want {
			t.Errorf("for %q of %v: got %q, want %q", test.word, test.candidates, got, test.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"abc", "acb", 1},
		{"kitten", "sitting", 3}, {"same", "same", 0}, {"cache", "cahce", 1},
	} {
		if got, back := distance(test.a, test.b), distance(test.b, test.a); got != test.want || back != test.want {
			t.Errorf("%q and %q: got %d and %d, want %d", test.a, test.b, got, back, test.want)
		}
	}
}

func TestEveryAliasIsAKeyOrValue(t *testing.T) {
	known := map[string]bool{"services": true, "http": true, "exec": true, "interval": true, "timeout": true,
		"retries": true, "started": true, "completed": true, "task": true, "no": true, "always": true}
	c := &checker{}
	f := c.table(nil, "")
	c.serviceKeys(f, &Service{})
	for _, key := range f.known {
		known[key] = true
	}
	for _, alias := range aliases {
		if !known[alias.ours] {
			t.Errorf("%q is neither", alias.ours)
		}
		for _, theirs := range alias.theirs {
			if known[theirs] && theirs != "ready" {
				t.Errorf("%q is one of ours, not an alias of %q", theirs, alias.ours)
			}
		}
	}
}
