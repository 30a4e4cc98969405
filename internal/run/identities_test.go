package run

import (
	"strings"
	"testing"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

func TestACertificateHasTheNamesOfItsOrigin(t *testing.T) {
	for _, test := range []struct {
		instance, service string
		names             []string
		want              string
	}{
		{"main", "db", nil, "db.shop.localhost"},
		{"shop-feature-881e", "db", nil, "db.shop-feature-881e.localhost"},
		{"main", "My_Api", []string{"api.shop.localhost", "*.tenants.shop.localhost", "my-api.shop.localhost"}, "my-api.shop.localhost api.shop.localhost"},
		{"main", "web", []string{"shop.localhost"}, "web.shop.localhost shop.localhost"},
		{"main", strings.Repeat("x", 64), nil, ""},
	} {
		c := ports.Checkout{Project: "shop", Instance: test.instance}
		got := strings.Join(serverNames(c, supervisor.Service{Name: test.service, Names: test.names}), " ")
		if want := strings.TrimSpace("127.0.0.1 ::1 localhost " + test.want); got != want {
			t.Errorf("%s (%s): %s, want %s", test.service, test.instance, got, want)
		}
	}
}
