package initfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// point rewrites the addresses in the variables of every service, and in [env]:
// inside a container network a service's name is an address, and on a machine
// localhost with a number; here both are lhrun's to give.
func (d *Draft) point() {
	for i := range d.services {
		s := &d.services[i]
		d.pointOwn(s)
		d.pointFiles(s)
		d.pointAll(s)
		d.pointCommand(s)
		s.command = strings.Replace(s.command, editsOfServices, "", 1)
	}
	own := &service{env: d.env}
	d.pointAll(own)
	d.env = own.env
	d.pointDotenv()
}

// pointCommand rewrites the addresses of others in what a service executes.
func (d *Draft) pointCommand(s *service) {
	if s.image || s.off {
		return
	}
	for i := range d.services {
		if to := &d.services[i]; to != s && to.source != "" && to.listens() {
			s.command = d.pointedHere(to, to.pointed("", s.command))
			s.ready = to.pointed("", s.ready)
		}
	}
}

// pointOwn replaces what a service is told of its own port.
func (d *Draft) pointOwn(s *service) {
	if s.image {
		return
	}
	for i := len(s.env) - 1; i >= 0; i-- {
		v := &s.env[i]
		number := atoi(v.value)
		switch name, known := s.portName(number); {
		case v.key == "PORT":
			if number != 0 && s.fixed == 0 && !s.quiet {
				s.unset("PORT") // It is lhrun's to give.
			}
		case s.quiet || s.fixed != 0:
		case v.key == "HOST" && (v.value == "0.0.0.0" || v.value == "localhost" || v.value == "127.0.0.1"):
			s.unset("HOST")
		case number != 0 && known && strings.HasSuffix(v.key, "PORT"):
			v.value = ownPortTemplate(name)
		case strings.HasPrefix(v.value, ":") || strings.HasPrefix(v.value, "0.0.0.0:"):
			if name, known := s.portName(atoi(v.value[strings.LastIndexByte(v.value, ':')+1:])); known {
				v.value = "{{host}}:" + ownPortTemplate(name)
			}
		}
	}
}

func ownPortTemplate(name string) string {
	if name == "" {
		return "{{port}}"
	}
	return "{{ports." + name + "}}"
}

// pointFiles gives a service the variables of its env_files, and of the .env files that
// its program reads by itself, that name another one.
func (d *Draft) pointFiles(s *service) {
	files := slices.Clone(s.envFiles)
	if dir := path.Clean(s.dir); dir != "." && !s.image && !s.off {
		for _, name := range []string{".env.local", ".env.development", ".env"} {
			if exists(d.tree, path.Join(dir, name)) {
				files = append(files, path.Join(dir, name))
			}
		}
	}
	for _, file := range files {
		entries := d.entriesOf(file)
		for _, e := range entries {
			one := &service{env: []variable{{e.Key, literal(e.Value)}}}
			for _, other := range entries {
				one.set(other.Key, literal(other.Value))
			}
			before := one.env[0].value
			d.pointAll(one)
			if value := one.env[0].value; value != before {
				if value, ok := d.withoutSecret(value); ok {
					s.set(e.Key, value)
				} else {
					s.lose(file + ": " + e.Key + " names a service here beside a secret; set it in env by templates")
				}
			}
		}
	}
}

// pointAll rewrites the variables of s.
func (d *Draft) pointAll(s *service) {
	for i := range s.env {
		v := &s.env[i]
		for j := range d.services {
			to := &d.services[j]
			if to.source == "" || to.task {
				continue
			}
			if !to.listens() {
				if to.off && mentions(v.value, to) && !slices.ContainsFunc(s.comment, func(l string) bool { return strings.HasPrefix(l, v.key+" names ") }) {
					s.say(v.key + " names " + to.source + ", which is not started here.")
				}
				continue
			}
			v.value = to.pointed(v.key, v.value)
			if s != to && !s.image {
				v.value = d.pointedHere(to, v.value)
			}
		}
	}
	d.pointPorts(s)
}

// mentions reports whether a value has the name of a service as an address.
func mentions(value string, to *service) bool {
	return regexp.MustCompile(`(?:^|[/@])`+regexp.QuoteMeta(to.source)+`(?::[0-9]+|[/?]|$)`).MatchString(value) && strings.ContainsAny(value, ":/@")
}

// isHostKey tells a variable whose value is a host.
var isHostKey = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:HOST|HOSTNAME|SERVER|SERVERS|ADDR|ADDRESS|ENDPOINT|BROKER|NODE|NODES)$`)
})

// pointed replaces the name of s as an address.
func (s *service) pointed(key, value string) string {
	host := "{{" + s.name + ".host}}"
	names := regexp.QuoteMeta(s.source)
	for _, alias := range s.aliases {
		names += "|" + regexp.QuoteMeta(alias)
	}
	if value == s.source || slices.Contains(s.aliases, value) {
		if isHostKey().MatchString(key) {
			return host
		}
		return value
	}
	address := regexp.MustCompile(`(^|[/@,=(\s])(?:` + names + `):([0-9]+)`)
	value = address.ReplaceAllStringFunc(value, func(m string) string {
		parts := address.FindStringSubmatch(m)
		return parts[1] + host + ":" + s.template(atoi(parts[2]))
	})
	bare := regexp.MustCompile(`(//|//[^/\s]*@)(?:` + names + `)(/|\?|,|$)`)
	value = bare.ReplaceAllString(value, "${1}"+host+":{{"+s.name+".port}}${2}")
	pair := regexp.MustCompile(`(\bhost=)(?:` + names + `)(\s|;|$)`)
	if pair.MatchString(value) {
		value = pair.ReplaceAllString(value, "${1}"+host+"${2}")
		value = regexp.MustCompile(`\bport=[0-9]+`).ReplaceAllString(value, "port={{"+s.name+".port}}")
	}
	return value
}

// pointedHere replaces localhost with a number by which s alone is known.
func (d *Draft) pointedHere(s *service, value string) string {
	value = loopbackAddress().ReplaceAllStringFunc(value, func(m string) string {
		number := atoi(loopbackAddress().FindStringSubmatch(m)[1])
		if _, known := s.portName(number); !known || d.knownBy(number) > 1 {
			return m
		}
		return "{{" + s.name + ".host}}:" + s.template(number)
	})
	if own := scheme(s.url); s.image && own != "" && own != "http" {
		bare := regexp.MustCompile(`^(` + own + `(?:ql|\+\w+|s)?://(?:[^/\s@]*@)?)(?:localhost|127\.0\.0\.1)(/|$)`)
		value = bare.ReplaceAllString(value, "${1}{{"+s.name+".host}}:{{"+s.name+".port}}${2}")
	}
	return value
}

// knownBy counts the services that are known by a number.
func (d *Draft) knownBy(number int) int {
	count := 0
	for i := range d.services {
		if _, known := d.services[i].portName(number); known && d.services[i].listens() {
			count++
		}
	}
	return count
}

// pointPorts rewrites X_PORT beside an X_HOST that names a service, and both where the
// host is this machine and the number is known.
func (d *Draft) pointPorts(s *service) {
	for i := range s.env {
		v := &s.env[i]
		prefix, ok := strings.CutSuffix(v.key, "PORT")
		number := atoi(v.value)
		if !ok || number == 0 {
			continue
		}
		for _, suffix := range []string{"HOST", "HOSTNAME", "SERVER", "ADDR", "ADDRESS"} {
			host, has := s.value(prefix + suffix)
			if !has || prefix == "" {
				continue
			}
			local := host == "localhost" || host == "127.0.0.1"
			for j := range d.services {
				to := &d.services[j]
				_, known := to.portName(number)
				named := host == "{{"+to.name+".host}}"
				if !to.listens() || to.source == "" || !named && !(local && known && d.knownBy(number) == 1) {
					continue
				}
				v.value = to.template(number)
				for k := range s.env {
					if s.env[k].key == prefix+suffix {
						s.env[k].value = "{{" + to.name + ".host}}"
					}
				}
				break
			}
		}
	}
}

// rewriteAddresses adds to a command what replaces the addresses of services in a
// configuration.
func (d *Draft) rewriteAddresses(s *service) {
	if s.rewrites == "" {
		return
	}
	var edits strings.Builder
	for i := range d.services {
		to := &d.services[i]
		if to == s || to.source == "" || to.task {
			continue
		}
		address := regexp.MustCompile(`(?:[\s/]` + regexp.QuoteMeta(to.source) + `(:[0-9]+)|//` + regexp.QuoteMeta(to.source) + `)[\s/;]`)
		done := map[string]bool{}
		for _, m := range address.FindAllStringSubmatch(s.rewrites, -1) {
			if done[m[1]] {
				continue
			}
			done[m[1]] = true
			with := "{{" + to.name + ".host}}:" + to.template(atoi(strings.TrimPrefix(m[1], ":")))
			if !to.listens() {
				with = "127.0.0.1" + m[1]
				s.say("It passes on to " + to.source + ", which does not listen here.")
			}
			before := `[ /]`
			if m[1] == "" {
				before = "//"
			}
			edits.WriteString(` -e "s|\(` + before + `\)` + to.source + m[1] + `\([ /;]\)|\1` + with + `\2|g"`)
		}
	}
	for _, name := range d.strangers(s.rewrites) {
		s.say("It passes on to " + name + ", which nothing here starts.")
		edits.WriteString(` -e "s#\(//\|server  *\)` + name + `\([:/;]\)#\1127.0.0.1\2#g"`)
	}
	s.command = strings.ReplaceAll(s.command, editsOfServices, edits.String())
}

var passedOn = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:_pass\s+\w+://|\n\s*server\s+)([a-zA-Z][a-zA-Z0-9_-]*)[:/;]`)
})

// strangers are the hosts that a configuration of nginx passes on to and that are
// neither services nor names of its own. nginx does not start while it cannot find
// one.
func (d *Draft) strangers(config string) []string {
	var found []string
	for _, m := range passedOn().FindAllStringSubmatch(config, -1) {
		name := m[1]
		isOwn := name == "localhost" || name == "unix" || strings.Contains(config, "upstream "+name)
		if !isOwn && !slices.ContainsFunc(d.services, func(s service) bool { return s.source == name }) {
			found = append(found, name)
		}
	}
	return once(found)
}
