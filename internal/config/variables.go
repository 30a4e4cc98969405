package config

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// loopback is the HOST of every service.
const loopback = "127.0.0.1"

// isPersonal reports whether each service has its own value of key, so that none may
// get one from a file or from lhrun's environment.
func isPersonal(key string) bool {
	return key == "PORT" || key == "HOST" || key == "LHRUN_SERVICE" || key == "LHRUN_ORIGIN"
}

// portVars returns the variables about the ports of s that every service gets. It
// leaves out the host where outside sets it to more than a bare host, such as a URL.
func (r *resolver) portVars(s *Service, outside dotenv.Lookup) []dotenv.Pair {
	return slices.DeleteFunc(r.published(s, r.ports(s)), func(v dotenv.Pair) bool {
		value, set := outside(v.Key)
		return v.Value == loopback && set && !isBareHost(value)
	})
}

// ports returns the variables that are made from the name of s for its ports.
func (r *resolver) ports(s *Service) []dotenv.Pair {
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

// isBareHost reports whether value is a host's name or address without a scheme, a
// port or a path. An empty one counts as bare.
func isBareHost(value string) bool {
	return net.ParseIP(strings.Trim(value, "[]")) != nil || !strings.ContainsFunc(value, func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._-", c)
	})
}

// urlVar returns the url of s that every service gets: none where it is only the
// default and set reports that somebody has chosen another.
func (r *resolver) urlVar(s *Service, set func(key string) bool) []dotenv.Pair {
	key := variable(s.Name) + "_URL"
	if !s.hasURL() || s.URLDefault && set(key) {
		return nil
	}
	return r.published(s, []dotenv.Pair{{Key: key, Value: r.url(s)}})
}

// ownVars returns what only s gets, about itself.
func (r *resolver) ownVars(s *Service) map[string]string {
	vars := map[string]string{"LHRUN_SERVICE": s.Name}
	if !s.Port.None {
		vars["PORT"], vars["HOST"] = r.port(s, ""), loopback
	}
	for _, port := range s.Ports {
		vars["PORT_"+variable(port.Name)] = r.port(s, port.Name)
	}
	if origin := r.origin(s); origin != "" {
		vars["LHRUN_ORIGIN"] = origin
	}
	if s.TLS {
		files := r.run.TLS(s.Name)
		vars["TLS_CERT_FILE"], vars["TLS_KEY_FILE"], vars["TLS_CA_FILE"] = files.Cert, files.Key, files.CA
	}
	if r.project.Procfile {
		vars["PS"] = s.Name + ".1" // As foreman names the first of a process.
	}
	return vars
}

// runVars returns the variables that say who and where lhrun is.
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
func (r *resolver) setOutside(key string) bool {
	_, inFile := r.inFiles(key)
	_, inEnviron := r.inEnviron(key)
	return inFile || inEnviron
}

// inFiles looks key up in the project's env_files.
func (r *resolver) inFiles(key string) (string, bool) {
	v, ok := r.files[key]
	return v.value, ok
}

// inEnviron looks key up in lhrun's own environment. A url that another lhrun left
// there, agreeing with its own host and port, was not chosen by anybody.
func (r *resolver) inEnviron(key string) (string, bool) {
	value, ok := r.environ[key]
	prefix, isURL := strings.CutSuffix(key, "_URL")
	_, place, _ := strings.Cut(value, "://")
	if isURL && place != "" && place == r.environ[prefix+"_HOST"]+":"+r.environ[prefix+"_PORT"] {
		return "", false
	}
	return value, ok
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
