package mask

import (
	"strings"
	"testing"
)

// Values of variables that look like secrets are masked, and nothing else.
func TestMaskerTakesSecretsOut(t *testing.T) {
	m := New([]string{
		"DB_PASSWORD=hunter2", "LONGER_SECRET=hunter2000", "GITHUB_TOKEN=ghp_x", "API_KEY=abcd", "STRIPE_KEY=sk-1", "SECRET_KEY_BASE=kkkk",
		"PWD=/src/shop", "OLDPWD=/src", "KEYBOARD=dvorak", "MONKEY=banana", "MY_PWD=opensesame", "MYAPIKEY_2=mellon", "AWS_ACCESSKEY=ajar", "TURKEY=gobble", "SHORT_TOKEN=1", "PORT=21480",
	})
	for in, want := range map[string]string{
		"login hunter2 ok":                  "login *** ok",
		"hunter2000":                        "***",
		"ghp_x abcd sk-1 kkkk opensesame":   "*** *** *** *** ***",
		"mellon ajar gobble":                "*** *** gobble",
		"/src/shop dvorak banana 21480 1":   "/src/shop dvorak banana 21480 1",
		"postgres://app:pw@127.0.0.1:1/x":   "postgres://app:***@127.0.0.1:1/x",
		"redis://:pw@h and http://h:80/a@b": "redis://:***@h and http://h:80/a@b",
		"postgres://app@127.0.0.1/x":        "postgres://app@127.0.0.1/x",
	} {
		if got := m.Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// Whatever stands around a secret, it does not come through whole.
func FuzzMasker(f *testing.F) {
	f.Add("connecting with ", "hunter2", " to db")
	f.Add("hun", "hunter2", "ter2")
	f.Add("***", "****", "*")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		if len(secret) < shortestSecret || strings.ContainsAny(secret, "*") {
			t.Skip("too short to be one, or made of what masks")
		}
		m := New([]string{"X_TOKEN=" + secret})
		if got := m.Text(before + secret + after); strings.Contains(got, secret) {
			t.Errorf("%q holds %q", got, secret)
		}
	})
}
