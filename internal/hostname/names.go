// Package hostname makes the names below .localhost by which browsers reach the
// services of a checkout, and finds the service that a name belongs to.
package hostname

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// top is the domain of all names. Browsers resolve it to loopback by themselves.
	top = "localhost"
	// mainInstance is the checkout whose names have the project's in them.
	mainInstance = "main"
	// longestLabel and longestName are DNS's, in octets.
	longestLabel = 63
	longestName  = 253
	// below, before a name, makes it all names below that one.
	below = "*."
	// all, as a host, is all names below the domain.
	all = "*"
)

// Domain is what all names of a checkout end with: "shop.localhost", and for an
// instance that is not main "INSTANCE.localhost".
func Domain(project, instance string) string {
	if instance != mainInstance {
		project = instance
	}
	return label(project) + "." + top
}

// Default is the host of a service that names none: its own name as a label. It is ""
// where that makes no label.
func Default(service string) string {
	if host := label(service); CheckHost(host) == nil {
		return host
	}
	return ""
}

// label makes s lower case, and what a label may not hold a dash.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s)
	return strings.Trim(s, "-")
}

// CheckHost says what is wrong with a host as lhrun.toml has it: "" for the domain
// itself, labels with dots between them, "*." first for all names below, "*" alone for
// all below the domain.
func CheckHost(host string) error {
	if host == "" || host == all {
		return nil
	}
	rest := strings.TrimPrefix(host, below)
	if strings.HasSuffix(rest, "."+top) || rest == top {
		return fmt.Errorf("%q is written without .%s and without the project: they come by themselves", host, top)
	}
	for part := range strings.SplitSeq(rest, ".") {
		if err := checkLabel(part); err != nil {
			return err
		}
	}
	if len(rest) > longestName-2*longestLabel {
		return fmt.Errorf("%.20q… has %d octets, a host has %d at most", host, len(rest), longestName-2*longestLabel)
	}
	return nil
}

func checkLabel(part string) error {
	switch {
	case part == "":
		return fmt.Errorf("a label of it is empty")
	case len(part) > longestLabel:
		return fmt.Errorf("the label %.20q… has %d octets, a label has %d at most", part, len(part), longestLabel)
	case part[0] == '-' || part[len(part)-1] == '-':
		return fmt.Errorf("the label %q begins or ends with a dash", part)
	case strings.ContainsFunc(part, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}):
		return fmt.Errorf("the label %q may hold a-z, 0-9 and - only", part)
	}
	return nil
}

// Name makes a host a whole name below domain.
func Name(host, domain string) string {
	switch host {
	case "":
		return domain
	case all:
		return below + domain
	}
	return host + "." + domain
}

// Origin is what a browser calls a name on a port, "https" where secure.
func Origin(name string, port int, secure bool) string {
	scheme, usual := "http", 80
	if secure {
		scheme, usual = "https", 443
	}
	name = strings.TrimPrefix(name, below)
	if port == usual {
		return scheme + "://" + name
	}
	return fmt.Sprintf("%s://%s:%d", scheme, name, port)
}

// First is the name that is shown of several: the first that is not all below another.
// It is "" where there is none.
func First(names []string) string {
	if i := slices.IndexFunc(names, func(n string) bool { return !strings.HasPrefix(n, below) }); i >= 0 {
		return names[i]
	}
	return ""
}

// Routes finds the service that a name belongs to.
type Routes struct{ exact, under map[string]string }

// Add gives service a name. The first to claim it has it: holder is that one.
func (r *Routes) Add(name, service string) (holder string) {
	if r.exact == nil {
		r.exact, r.under = map[string]string{}, map[string]string{}
	}
	names := r.exact
	base, wild := strings.CutPrefix(name, below)
	if wild {
		names = r.under
	}
	if _, taken := names[base]; !taken {
		names[base] = service
	}
	return names[base]
}

// Find returns the service of a Host header: the one that has the name, else the one
// that has the longest name above it, else "".
func (r *Routes) Find(host string) string {
	name := strings.ToLower(host)
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[:i]
	}
	name = strings.TrimSuffix(name, ".")
	if service := r.exact[name]; service != "" {
		return service
	}
	for {
		_, rest, more := strings.Cut(name, ".")
		if !more {
			return ""
		}
		if service := r.under[rest]; service != "" {
			return service
		}
		if service := r.exact[rest]; service != "" {
			return service
		}
		name = rest
	}
}
