package initfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// nginx runs with the configuration that the project gives its image, where it
// listens and what it passes on to being replaced at each start.
func (s *standIn) nginx() {
	s.args = nil
	main, servers := s.configurations()
	script := []string{`data="$PWD"/` + s.data, `mkdir -p "$data"`}
	if main == "" && len(servers) == 0 {
		s.command = lines(slices.Concat(script, s.wrapper("  server { listen $HOST:$PORT; root "+s.root()+"; }"), []string{s.start()})...)
		return
	}
	var config strings.Builder
	for _, file := range append(slices.Clone(servers), main) {
		if data, err := readFile(s.d.tree, file); err == nil && file != "" {
			config.Write(data)
			config.WriteString("\n")
		}
	}
	edits := s.edits(config.String())
	if main != "" {
		script = append(script, "sed "+edits+" \\", `  -e '/^ *\(user\|pid\|daemon\|error_log\) /d' -e 's|include  */etc/nginx/conf.d/[^;]*;|include "'"$data"'/*.server";|' \`,
			`  -e "s|^\( *http *{\)|\1 access_log /dev/stdout; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;|" \`,
			"  "+shellWord(literal(main))+` >"$data/nginx.conf" || exit`)
	}
	for _, file := range servers {
		script = append(script, "sed "+edits+" "+shellWord(literal(file))+` >"$data/`+literal(path.Base(file))+`.server" || exit`)
	}
	if main == "" {
		script = append(script, s.wrapper(`  include "$data/*.server";`)...)
	}
	s.command = lines(append(script, s.start())...)
	s.say("It has the project's own configuration; what it says of addresses is replaced.")
	s.rewrites = config.String()
}

// configurations are the files of the project that the image reads: a whole
// configuration, and those of servers.
func (s *standIn) configurations() (main string, servers []string) {
	for _, m := range s.mounts {
		switch {
		case m.target == "/etc/nginx/nginx.conf":
			main, *m.used = m.host, true
		case strings.HasPrefix(m.target, "/etc/nginx/conf.d"), strings.HasPrefix(m.target, "/etc/nginx/templates"), strings.HasPrefix(m.target, "/etc/nginx/sites-enabled"):
			*m.used = true
			for _, file := range s.d.filesIn(m.host) {
				if strings.HasSuffix(file, ".conf") || strings.HasSuffix(file, ".template") {
					servers = append(servers, file)
				}
			}
		}
	}
	return main, servers
}

// root is the directory that a server without a configuration shows.
func (s *standIn) root() string {
	if host, ok := here(s.mounts, "/usr/share/nginx/html"); ok && isDir(s.d.tree, host) {
		return `"$PWD/` + literal(host) + `"`
	}
	s.say("No configuration for it is here: it answers 404 until it has a server block.")
	return `"$data/html"`
}

// wrapper is a main configuration around one of servers.
func (s *standIn) wrapper(inner string) []string {
	return []string{
		`types=/dev/null; [ ! -f /etc/nginx/mime.types ] || types=/etc/nginx/mime.types`,
		`cat >"$data/nginx.conf" <<END`,
		"events {}",
		"http {",
		"  include $types; access_log /dev/stdout;",
		"  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;",
		inner,
		"}",
		"END",
	}
}

func (s *standIn) start() string {
	return `PATH=$PATH:/usr/sbin exec nginx -p "$data" -c "$data/nginx.conf" -g 'daemon off; pid nginx.pid;' -e stderr`
}

var listenDirective = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)(?:^|[\s{;])listen\s+(?:[0-9.]+:|\*:)?([0-9]+)([^;]*);`)
})

// edits are the expressions of sed that make a configuration fit: ports, paths of the
// project, and the addresses of services, which settle adds.
func (s *standIn) edits(config string) string {
	var expressions []string
	first := true
	seen := map[int]bool{}
	for _, m := range listenDirective().FindAllStringSubmatch(config, -1) {
		number := atoi(m[1])
		if seen[number] || number == 0 {
			continue
		}
		seen[number] = true
		name, known := s.portName(number)
		if first && !strings.Contains(m[2], "ssl") {
			name, known, first = "", true, false
			if !slices.Contains(s.known, number) {
				s.known = append(s.known, number)
			}
		}
		if !known {
			name = nameOfPort(number)
			s.further(name, number)
		}
		variable := "$PORT"
		if name != "" {
			variable = "$PORT_" + variableName(name)
		}
		expressions = append(expressions, `-e "s/listen  *\([0-9.]*:\|\*:\)*`+m[1]+`\([ ;]\)/listen $HOST:`+variable+`\2/"`)
	}
	expressions = append(expressions, `-e '/listen  *\[::\]/d'`)
	for _, m := range s.mounts {
		if !strings.HasPrefix(m.target, "/etc/nginx/") || strings.Contains(m.target, "cert") || strings.Contains(m.target, "ssl") {
			*m.used = true
			expressions = append(expressions, `-e "s|`+literal(m.target)+`|$PWD/`+literal(m.host)+`|g"`)
		}
	}
	for _, v := range s.env {
		expressions = append(expressions, `-e "s|\${`+v.key+`}|$`+v.key+`|g"`)
	}
	return strings.Join(expressions, " ") + editsOfServices
}

// editsOfServices is where settle puts what replaces the addresses of services.
const editsOfServices = "\x01"
