package cli

import (
	"slices"
	"testing"

	"github.com/lhrun/lhrun/internal/control"
)

// What run has started stays where something else needs it by now, and whatever
// that needs in turn.
func TestUnneeded(t *testing.T) {
	up := func(name string, needs ...string) control.Service {
		return control.Service{Name: name, State: "ready", DependsOn: needs}
	}
	down := func(name string, needs ...string) control.Service {
		return control.Service{Name: name, State: "stopped", DependsOn: needs}
	}
	for _, tt := range []struct {
		services      []control.Service
		started, want []string
	}{
		{[]control.Service{up("db"), up("api", "db")}, []string{"db", "api"}, []string{"db", "api"}},
		{[]control.Service{up("db"), up("api", "db"), up("web", "api")}, []string{"db", "api"}, nil},
		{[]control.Service{up("db"), up("api", "db"), down("web", "api")}, []string{"db", "api"}, []string{"db", "api"}},
		{[]control.Service{up("db"), up("api", "db"), up("web", "db")}, []string{"db", "api"}, []string{"api"}},
		{[]control.Service{up("db")}, nil, nil},
	} {
		if got := unneeded(control.Snapshot{Services: tt.services}, tt.started); !slices.Equal(got, tt.want) {
			t.Errorf("%v of %v: %v, want %v", tt.started, tt.services, got, tt.want)
		}
	}
}
