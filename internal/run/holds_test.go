package run

import (
	"slices"
	"testing"

	"github.com/lhrun/lhrun/supervisor"
)

// What was started for somebody stays where somebody else, or something that is up, needs
// it by now, and whatever that needs in turn.
func TestIdleServices(t *testing.T) {
	up := func(name string, needs ...string) supervisor.Status {
		return supervisor.Status{Name: name, State: supervisor.StateReady, DependsOn: needs}
	}
	down := func(name string, needs ...string) supervisor.Status {
		return supervisor.Status{Name: name, State: supervisor.StateStopped, DependsOn: needs}
	}
	for _, tt := range []struct {
		services         []supervisor.Status
		lent, used, want []string
	}{
		{[]supervisor.Status{up("db"), up("api", "db")}, []string{"db", "api"}, nil, []string{"db", "api"}},
		{[]supervisor.Status{up("db"), up("api", "db"), up("web", "api")}, []string{"db", "api"}, nil, nil},
		{[]supervisor.Status{up("db"), up("api", "db"), down("web", "api")}, []string{"db", "api"}, nil, []string{"db", "api"}},
		{[]supervisor.Status{up("db"), up("api", "db"), up("web", "db")}, []string{"db", "api"}, nil, []string{"api"}},
		{[]supervisor.Status{up("db"), up("api", "db")}, []string{"db", "api"}, []string{"db"}, []string{"api"}},
		{[]supervisor.Status{up("db"), up("api", "db")}, []string{"db", "api"}, []string{"api"}, nil},
		{[]supervisor.Status{up("db")}, nil, nil, nil},
	} {
		h := newHolds(nil, nil)
		for _, name := range tt.lent {
			h.lent[name] = true
		}
		h.used[1] = tt.used
		if got := h.idle(tt.services); !slices.Equal(got, tt.want) {
			t.Errorf("of %v in %v, %v in use: %v, want %v", tt.lent, tt.services, tt.used, got, tt.want)
		}
	}
}
