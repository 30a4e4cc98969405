package hostname

import (
	"strings"
	"testing"
)

func TestTheMainCheckoutAndOthersNeverMeet(t *testing.T) {
	for _, tt := range []struct{ project, instance, service, want string }{
		{"shop", "main", "web", "web.shop.localhost"},
		{"shop", "main", "Web_API", "web-api.shop.localhost"},
		{"shop", "shop-fix-1", "web", "web.shop-fix-1.localhost"},
		{"shop", "main", "w_", "w.shop.localhost"},
	} {
		if got := Name(Default(tt.service), Domain(tt.project, tt.instance)); got != tt.want {
			t.Errorf("%+v: %s", tt, got)
		}
	}
	if host := Default(strings.Repeat("a", 64)); host != "" {
		t.Errorf("a label of 64 octets is %q", host)
	}
}

func TestHostsAreChecked(t *testing.T) {
	for host, want := range map[string]string{
		"": "", "*": "", "api": "", "api.v2": "", "*.tenants": "", strings.Repeat("a", 63): "",
		"*.":                                 "empty",
		"a..b":                               "empty",
		".a":                                 "empty",
		"API":                                "may hold",
		"a_b":                                "may hold",
		"-a":                                 "begins or ends",
		"a-":                                 "begins or ends",
		"a.*":                                "may hold",
		"**":                                 "may hold",
		"ä":                                  "may hold",
		"api:80":                             "may hold",
		"localhost":                          "without .localhost",
		"web.shop.localhost":                 "without .localhost",
		strings.Repeat("a", 64):              "63 at most",
		strings.Repeat("aaaaaaa.", 30) + "a": "at most",
	} {
		err := CheckHost(host)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", host, err, want)
		}
	}
}

func TestTheLongestNameAboveHasWhatIsBelow(t *testing.T) {
	var r Routes
	r.Add("shop.localhost", "web")
	r.Add("api.shop.localhost", "api")
	r.Add("*.tenants.shop.localhost", "tenants")
	r.Add("x.tenants.shop.localhost", "x")
	if holder := r.Add("api.shop.localhost", "late"); holder != "api" {
		t.Errorf("the name of api is now that of %q", holder)
	}
	for host, want := range map[string]string{
		"shop.localhost": "web", "SHOP.localhost:443": "web", "shop.localhost.": "web", "a.b.shop.localhost": "web",
		"api.shop.localhost": "api", "v1.api.shop.localhost:8080": "api",
		"tenants.shop.localhost": "web", "a.tenants.shop.localhost": "tenants", "a.b.tenants.shop.localhost": "tenants",
		"x.tenants.shop.localhost": "x", "y.x.tenants.shop.localhost": "x",
		"localhost": "", "": "", "127.0.0.1": "", "[::1]:80": "", "evil.example": "", "xshop.localhost": "",
		"shop.localhost.evil.example": "",
	} {
		if got := r.Find(host); got != want {
			t.Errorf("%q is %q, want %q", host, got, want)
		}
	}
}

func TestAnOriginNamesItsPortUnlessThatIsUsual(t *testing.T) {
	for want, got := range map[string]string{
		"http://web.shop.localhost:21000":  Origin("web.shop.localhost", 21000, false),
		"https://web.shop.localhost:21000": Origin("web.shop.localhost", 21000, true),
		"https://web.shop.localhost":       Origin("web.shop.localhost", 443, true),
		"http://web.shop.localhost":        Origin("web.shop.localhost", 80, false),
		"http://web.shop.localhost:443":    Origin("web.shop.localhost", 443, false),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("a.tenants.shop.localhost:80")
	f.Fuzz(func(t *testing.T, host string) {
		var r Routes
		r.Add("shop.localhost", "web")
		lower := strings.ToLower(host)
		if r.Find(host) != "" && !strings.Contains(lower, "shop.localhost") {
			t.Errorf("%q is ours", host)
		}
	})
}
