package words

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

func TestUnknownNamesWhatThereIs(t *testing.T) {
	many := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"}
	for _, test := range []struct {
		name  string
		known []string
		want  string
	}{
		{"ap", []string{"api", "db"}, `unknown service "ap", did you mean "api"?`},
		{"zzz", []string{"api", "db"}, `unknown service "zzz"; it is one of api, db`},
		{"zzz", many, `unknown service "zzz"; it is one of a, b, c, d, e, f, g, h, i, j, k, l, …`},
		{"zzz", nil, `unknown service "zzz": there is none`},
	} {
		if got := Unknown("service", test.name, test.known).Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}
