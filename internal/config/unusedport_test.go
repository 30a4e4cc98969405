package config

import (
	"slices"
	"testing"
)

func TestAProcfileSaysThatPortIsNotUsed(t *testing.T) {
	const notice = "PORT=3000 of the environment is not used: each process has a port of its own"
	for name, test := range map[string]struct {
		file    string
		environ []string
		told    bool
	}{
		"a Procfile":        {"Procfile", []string{"PORT=3000"}, true},
		"without PORT":      {"Procfile", nil, false},
		"of an outer lhrun": {"Procfile", []string{"PORT=3000", "LHRUN_SERVICE=sub"}, false},
		"a lhrun.toml":      {"lhrun.toml", []string{"PORT=3000"}, false},
	} {
		text := "web: serve\n"
		if test.file == FileName {
			text = "[services.web]\ncommand = \"serve\"\n"
		}
		r, err := resolveIn(t, map[string]string{test.file: text}, test.environ...)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(r.Notices, notice) != test.told {
			t.Errorf("%s: %q", name, r.Notices)
		}
	}
}
