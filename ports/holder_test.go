package ports

import (
	"strings"
	"testing"
)

func TestHolderIsOnePhrase(t *testing.T) {
	for want, h := range map[string]Holder{
		"pid 812 (python3 -m http.server 3000), user ann": {PID: 812, Command: "python3 -m http.server 3000", User: "ann"},
		"pid 812, user ann": {PID: 812, User: "ann"},
		"pid 812":           {PID: 812},
		"a process of user ann (its pid is hidden from you)":             {User: "ann"},
		"a process that is hidden from you":                              {},
		`lhrun project "shop" (instance feature-x, service api), pid 99`: {PID: 99, Command: "lhrun up", User: "ann", Project: "shop", Instance: "feature-x", Service: "api"},
		`lhrun project "shop" (service api)`:                             {Project: "shop", Service: "api"},
		`lhrun project "shop"`:                                           {Project: "shop"},
	} {
		if got := h.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCommandOfAStrangerIsFitForATerminal(t *testing.T) {
	for in, want := range map[string]string{
		"python3\x00-m\x00http.server\x00": "python3 -m http.server",
		"a\x1b[2Jb\nc\x07":                 "a?[2Jb c?",
		"bad \xff utf8":                    "bad ? utf8",
		"ümlaut":                           "ümlaut",
		strings.Repeat("x", 100):           strings.Repeat("x", 79) + "…",
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBusyPortWithoutAServiceIsNamedToo(t *testing.T) {
	e := &BusyError{Port: 3000, Holder: Holder{PID: 8}}
	if e.Error() != "port 3000 is taken by pid 8" {
		t.Errorf("it reads %s", e)
	}
}
