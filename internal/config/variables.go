package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// loopback is where every service is told to listen.
const loopback = "127.0.0.1"

// isPersonal says that key means something else to each service, so that no
// value of it from outside may reach one.
func isPersonal(key string) bool { return key == "PORT" || key == "HOST" || key == "LHRUN_SERVICE" }

// portVars are what everybody sees of the ports of s.
func (r *resolver) portVars(s *Service) []dotenv.Pair {
	var vars []dotenv.Pair
	prefix := variable(s.Name)
	if !s.Port.None {
		vars = append(vars, dotenv.Pair{Key: prefix + "_PORT", Value: r.port(s, "")})
	}
	if !s.Port.None || len(s.Ports) > 0 {
		vars = append(vars, dotenv.Pair{Key: prefix + "_HOST", Value: loopback})
	}
	for _, port := range s.Ports {
		vars = append(vars, dotenv.Pair{Key: prefix + "_PORT_" + variable(port.Name), Value: r.port(s, port.Name)})
	}
	return vars
}

// urlVar is the url that everybody sees of s, unless it is only the default and
// set says that somebody has chosen another.
func (r *resolver) urlVar(s *Service, set func(key string) bool) []dotenv.Pair {
	key := variable(s.Name) + "_URL"
	if !s.hasURL() || s.URLDefault && set(key) {
		return nil
	}
	return []dotenv.Pair{{Key: key, Value: r.url(s)}}
}

// ownVars are what s alone sees about itself.
func (r *resolver) ownVars(s *Service) map[string]string {
	vars := map[string]string{"LHRUN_SERVICE": s.Name}
	if !s.Port.None {
		vars["PORT"], vars["HOST"] = r.port(s, ""), loopback
	}
	for _, port := range s.Ports {
		vars["PORT_"+variable(port.Name)] = r.port(s, port.Name)
	}
	return vars
}

// runVars say who and where lhrun is.
func (r *resolver) runVars() map[string]string {
	return map[string]string{
		"LHRUN":          r.run.Executable,
		"LHRUN_PROJECT":  r.run.Checkout.Project,
		"LHRUN_INSTANCE": r.run.Checkout.Instance,
		"LHRUN_DIR":      r.run.Checkout.Dir,
	}
}

func (r *resolver) port(s *Service, name string) string {
	return strconv.Itoa(r.run.Port(s.Name, name))
}

// setOutside reports whether a file or the environment chose key, which is a url.
// One that another lhrun left in the environment, agreeing with its own host and
// port, was not chosen.
func (r *resolver) setOutside(key string) bool {
	if _, ok := r.files[key]; ok {
		return true
	}
	value, ok := r.environ[key]
	prefix := strings.TrimSuffix(key, "_URL")
	return ok && value != "http://"+r.environ[prefix+"_HOST"]+":"+r.environ[prefix+"_PORT"]
}

// byKey indexes KEY=value pairs; the later of two wins.
func byKey(pairs []string) map[string]string {
	vars := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		if key, value, ok := strings.Cut(pair, "="); ok && key != "" {
			vars[key] = value
		}
	}
	return vars
}

// pairs is the inverse of byKey, sorted.
func pairs(vars map[string]string) []string {
	out := make([]string, 0, len(vars))
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, key+"="+vars[key])
	}
	return out
}
