package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/words"
)

// expand fills in the templates of t; self is the service that t belongs to, or nil.
// It notes mistakes and puts nothing in their place.
func (r *resolver) expand(t Text, self *Service) string {
	return r.expandWith(t, self, func(value string) string { return value })
}

// expandWith passes what it fills in through quote.
func (r *resolver) expandWith(t Text, self *Service, quote func(string) string) string {
	if !strings.Contains(t.Raw, "{{") {
		return t.Raw
	}
	pieces, mistakes := parseTemplate(t)
	r.add(mistakes...)
	var out strings.Builder
	for _, piece := range pieces {
		if piece.ref == nil {
			out.WriteString(piece.text)
		} else {
			out.WriteString(quote(r.value(piece.ref, self)))
		}
	}
	return out.String()
}

// value returns what ref stands for in a text of self.
func (r *resolver) value(ref *reference, self *Service) string {
	if m := checkReference(ref, r.project, self); m != nil {
		r.add(*m)
		return ""
	}
	service := r.project.named(ref, self)
	switch ref.what {
	case wordPort:
		return r.port(service, "")
	case wordPorts:
		return r.port(service, ref.name)
	case wordHost:
		return loopback
	case wordURL:
		return r.url(service)
	case wordOrigin:
		return r.origin(service)
	case wordEnv:
		return r.outsideOf(ref)
	case wordTLS:
		return r.run.TLS(service.Name).named(ref.name)
	case wordProject:
		return r.run.Checkout.Project
	case wordInstance:
		return r.run.Checkout.Instance
	}
	return r.run.Checkout.Dir
}

// url returns where others reach s, filled in once.
func (r *resolver) url(s *Service) string {
	if s.URLDefault {
		return s.scheme() + "://" + loopback + ":" + r.port(s, "")
	}
	if _, known := r.urls[s.Name]; !known {
		r.urls[s.Name] = ""
		r.urls[s.Name] = r.expand(s.URL, s)
	}
	return r.urls[s.Name]
}

// named returns the file that one of tlsWords names.
func (f TLSFiles) named(word string) string {
	switch word {
	case "cert":
		return f.Cert
	case "key":
		return f.Key
	}
	return f.CA
}

// outsideOf returns the variable that {{env.NAME}} names.
func (r *resolver) outsideOf(ref *reference) string {
	value, ok := r.outside(ref.name)
	if !ok {
		known := slices.Concat(slices.Sorted(maps.Keys(r.environ)), slices.Sorted(maps.Keys(r.files)))
		hint := "set it in the environment or in .env"
		if near := words.Suggest(ref.name, known); near != "" {
			hint = didYouMean("{{env." + near + "}}")
		}
		r.bad(ref.pos(), hint, "{{%s}}: the variable %s is not set", ref.text, ref.name)
	}
	return value
}
