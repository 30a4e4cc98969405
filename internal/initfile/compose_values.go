package initfile

import (
	"regexp"
	"strings"
	"sync"
)

var interpolation = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\$(?:(\$)|\{[A-Za-z_][A-Za-z0-9_]*:?-([^${}]*)\}|(.?))`)
})

// interpolate fills in the defaults of ${NAME:-default}, for compose takes the
// value from an environment that is not known here. It is not ok where a
// variable has no default.
func interpolate(s string) (string, bool) {
	ok := !strings.Contains(s, "\x00")
	filled := interpolation().ReplaceAllStringFunc(s, func(m string) string {
		switch {
		case m == "$$":
			return "$"
		case strings.HasPrefix(m, "${") && strings.HasSuffix(m, "}"):
			_, value, _ := strings.Cut(strings.TrimSuffix(m, "}"), "-")
			return value
		}
		ok = false
		return m
	})
	return filled, ok
}

// pointAtServices rewrites "db:5432" in variables: inside a container network the
// name is an address, here the port is lhrun's to give.
func pointAtServices(services []service) {
	for i := range services {
		for j := range services[i].env {
			v := &services[i].env[j]
			for _, to := range services {
				if !to.off && !to.quiet && !to.task {
					v.value = pointAt(v.value, to)
				}
			}
		}
	}
}

func pointAt(value string, to service) string {
	host, port := "{{"+to.name+".host}}", "{{"+to.name+".port}}"
	if value == to.source {
		return host
	}
	address := regexp.MustCompile(`(^|[/@,=])` + regexp.QuoteMeta(to.source) + `:[0-9]+`)
	return address.ReplaceAllString(value, "${1}"+host+":"+port)
}
