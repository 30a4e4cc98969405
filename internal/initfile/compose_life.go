package initfile

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// restarts are compose's policies in lhrun's words; what is not here is close to
// lhrun's own default.
var restarts = map[string]string{"always": "always", "unless-stopped": "always"}

var probedURL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`https?://[^\s'"|;&)]+`)
})

// httpPath is the path that a health check asks of the service itself. Other checks
// name programs and ports of an image, so nothing is made of them.
func httpPath(healthcheck *yaml.Node) (string, bool) {
	var check struct {
		Test    yaml.Node
		Disable bool
	}
	if healthcheck.IsZero() || healthcheck.Decode(&check) != nil || check.Disable {
		return "", false
	}
	test, ok := argv(&check.Test)
	if !ok || !strings.Contains(test, "curl") && !strings.Contains(test, "wget") {
		return "", false
	}
	u, err := url.Parse(probedURL().FindString(test))
	if err != nil || !isOwnHost(u.Hostname()) {
		return "", false
	}
	return u.RequestURI(), true
}

func isOwnHost(host string) bool {
	switch host {
	case "localhost", "127.0.0.1", "0.0.0.0", "::1":
		return true
	}
	return false
}

// names are the words of a list, of which compose's schema allows nothing else.
func names(n *yaml.Node) []string {
	var list []string
	_ = n.Decode(&list)
	return list
}
