package config

import (
	"fmt"
	"slices"
	"strings"
)

// formerPort is a number that a file says and services do not get.
type formerPort struct {
	number string
	// services have another one, which these variables of the file name.
	services  []string
	variables []string
}

// noteLiterals remarks the values that still name a port which lhrun has replaced,
// such as a DATABASE_URL beside a DB_PORT.
func (r *resolver) noteLiterals() {
	former := r.formerPorts()
	if len(former) == 0 {
		return
	}
	hosts := []string{"localhost", "127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal"}
	for _, s := range r.project.Services {
		hosts = append(hosts, s.Name)
	}
	for key, v := range r.files {
		if r.replaces(key) {
			continue
		}
		for _, p := range former {
			if slices.ContainsFunc(hosts, func(host string) bool { return names(v.value, host+":"+p.number) }) {
				r.remarkOn(v, fmt.Sprintf("%s names port %s, where lhrun's %s does not listen: write %s in its place",
					key, p.number, strings.Join(p.services, " or "), strings.Join(p.variables, " or ")))
			}
		}
	}
}

// replaces reports whether services see another value of key than the files'.
func (r *resolver) replaces(key string) bool {
	_, inEnviron := r.environ[key]
	_, inEnv := r.env[key]
	_, lhruns := r.vars[key]
	return inEnviron || inEnv || lhruns || isPersonal(key)
}

// formerPorts are those of a service's own variable, then of a PORT that is not
// whose it says.
func (r *resolver) formerPorts() []formerPort {
	var ports []formerPort
	for i := range r.project.Services {
		s := &r.project.Services[i]
		key := variable(s.Name) + "_PORT"
		file, inFile := r.files[key]
		value, lhruns := r.vars[key]
		if _, settled := r.env[key]; inFile && lhruns && !settled && file.value != value && isNumber(file.value) {
			ports = append(ports, formerPort{file.value, []string{s.Name}, []string{"${" + key + "}"}})
		}
	}
	own, inFile := r.files["PORT"]
	former := formerPort{number: own.value}
	for _, o := range r.replaced["PORT"] {
		key := variable(o.service) + "_PORT"
		if _, known := r.vars[key]; known && len(former.services) < maxListed {
			former.services = append(former.services, o.service)
			former.variables = append(former.variables, "${"+key+"}")
		}
	}
	if inFile && isNumber(own.value) && len(former.services) > 0 {
		ports = append(ports, former)
	}
	return ports
}

func isNumber(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
}

// names reports whether address stands in value, not as a part of a longer host or
// number.
func names(value, address string) bool {
	for at := 0; ; {
		i := strings.Index(value[at:], address)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(address)
		if !(start > 0 && isHostByte(value[start-1])) && !(end < len(value) && isDigit(value[end])) {
			return true
		}
		at = end
	}
}

func isHostByte(c byte) bool {
	return c == '.' || c == '-' || c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
