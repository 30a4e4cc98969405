package config

import (
	"fmt"
	"slices"
	"strings"
)

// formerPort is the number of a port variable in a file, which lhrun replaces.
type formerPort struct {
	number string
	// services are those that get another number, and variables name it in a file.
	services  []string
	variables []string
}

// remarkLiteralPorts notes the values that still name a port which lhrun replaces,
// such as a DATABASE_URL beside a DB_PORT.
func (r *resolver) remarkLiteralPorts() {
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
			if slices.ContainsFunc(hosts, func(host string) bool { return containsAddress(v.value, host+":"+p.number) }) {
				r.remarkOn(v, fmt.Sprintf("%s names port %s, where lhrun's %s does not listen: write %s in its place",
					key, p.number, strings.Join(p.services, " or "), strings.Join(p.variables, " or ")))
			}
		}
	}
}

// replaces reports whether services do not get the files' value of key.
func (r *resolver) replaces(key string) bool {
	_, inEnviron := r.environ[key]
	_, inEnv := r.env[key]
	_, lhruns := r.vars[key]
	return inEnviron || inEnv || lhruns || isPersonal(key)
}

// formerPorts returns the numbers of each <SVC>_PORT in a file, then that of PORT.
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

// containsAddress reports whether value contains address, a host:port, and not only
// as a part of a longer one.
func containsAddress(value, address string) bool {
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
