package config

import "testing"

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
