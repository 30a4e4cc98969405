package cli

import (
	"testing"
)

// Only a request for this machine is answered: a stranger's page sends its own
// name, whatever address that name was made to have.
func TestServeKnowsItsOwnNames(t *testing.T) {
	for header, want := range map[string]bool{
		"localhost":                  true,
		"LOCALHOST:80":               true,
		"localhost.":                 true,
		"web.localhost:3000":         true,
		"127.0.0.1":                  true,
		"127.1.2.3:80":               true,
		"[::1]":                      true,
		"[::1]:80":                   true,
		"[::ffff:127.0.0.1]:80":      true,
		"":                           false,
		":80":                        false,
		"localhost.evil.example":     false,
		"evillocalhost":              false,
		"127.0.0.1.evil.example:80":  false,
		"evil.example":               false,
		"0.0.0.0":                    false,
		"[::]:80":                    false,
		"192.168.0.1:80":             false,
		"169.254.169.254":            false,
		"[fe80::1%lo]:80":            false,
		"2130706433":                 false,
		"localhost:80:evil.example:": false,
	} {
		if got := isLocalHost(header); got != want {
			t.Errorf("isLocalHost(%q) is %v", header, got)
		}
	}
}

func TestServeHidesDotfiles(t *testing.T) {
	for name, want := range map[string]bool{
		".":          false,
		"a.txt":      false,
		"a/b.c/d":    false,
		".git":       true,
		"a/.env":     true,
		"a/.git/x":   true,
		"..":         true,
		"a/../b":     true,
		"a/.well/..": true,
	} {
		if got := hidden(name); got != want {
			t.Errorf("hidden(%q) is %v", name, got)
		}
	}
}

func TestServeTakesLoopbackOnly(t *testing.T) {
	for host, want := range map[string]string{
		"":             "127.0.0.1",
		"localhost":    "127.0.0.1",
		"127.0.0.2":    "127.0.0.2",
		"::1":          "::1",
		"0.0.0.0":      "refused",
		"::":           "refused",
		"10.0.0.1":     "refused",
		"example.org":  "refused",
		"127.0.0.1:80": "refused",
	} {
		s, err := newServing(nil, host, "")
		if err != nil {
			s.host = "refused"
		}
		if s.host != want {
			t.Errorf("host %q gives %q, want %q", host, s.host, want)
		}
	}
}
