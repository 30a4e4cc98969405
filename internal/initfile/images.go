package initfile

import (
	"path"
	"slices"
	"strings"
)

// standIn is a service whose image is known: a program on this machine does its
// work. Data goes below .data, a directory a service.
type standIn struct {
	*service
	d *Draft
	// args are what the source passes to the program.
	args   []word
	mounts []mount
	// data is its directory, as a word of sh.
	data string
}

// image is one that is known. port is what its program listens on in a container.
type image struct {
	names []string
	port  int
	// programs are what args may begin with.
	programs []string
	// named is a further port.
	named port
	run   func(*standIn)
}

var images = []image{
	{names: []string{"postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha"}, port: 5432, programs: []string{"postgres"}, run: (*standIn).postgres},
	{names: []string{"redis", "redis-stack", "redis-stack-server", "keydb"}, port: 6379, programs: []string{"redis-server", "keydb-server"}, run: (*standIn).redis},
	{names: []string{"valkey"}, port: 6379, programs: []string{"valkey-server"}, run: (*standIn).redis},
	{names: []string{"mysql", "mysql-server", "mariadb", "percona"}, port: 3306, programs: []string{"mysqld", "mariadbd"}, run: (*standIn).mysql},
	{names: []string{"mongo", "mongodb"}, port: 27017, programs: []string{"mongod"}, run: (*standIn).mongo},
	{names: []string{"memcached"}, port: 11211, programs: []string{"memcached"}, run: (*standIn).memcached},
	{names: []string{"nats"}, port: 4222, programs: []string{"nats-server"}, named: port{"monitor", []int{8222}}, run: (*standIn).nats},
	{names: []string{"rabbitmq"}, port: 5672, named: port{"management", []int{15672}}, programs: []string{"rabbitmq-server"}, run: (*standIn).rabbitmq},
	{names: []string{"minio"}, port: 9000, named: port{"console", []int{9001}}, programs: []string{"minio", "server"}, run: (*standIn).minio},
	{names: []string{"mailpit"}, port: 8025, named: port{"smtp", []int{1025}}, run: (*standIn).mailpit},
	{names: []string{"mailhog"}, port: 8025, named: port{"smtp", []int{1025}}, run: (*standIn).mailhog},
	{names: []string{"meilisearch"}, port: 7700, run: (*standIn).meilisearch},
	{names: []string{"nginx", "nginx-unprivileged"}, port: 80, programs: []string{"nginx"}, run: (*standIn).nginx},
}

// imageName is the last word of registry/owner/name:tag@digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	return name
}

func imageOf(name string) (image, bool) {
	i := slices.IndexFunc(images, func(i image) bool { return slices.Contains(i.names, imageName(name)) })
	if i < 0 || name == "" {
		return image{}, false
	}
	return images[i], true
}

// standIn reports whether the work of the image is done by a program here.
func (c *compose) standIn(s *service, n *node, name string, b build, command string, mounts []mount) bool {
	known, ok := imageOf(name)
	if b.given {
		known, ok = imageOf(b.from)
		if _, runs := c.d.programIn(b.dir); runs || command != "" {
			ok = false
		}
		name = b.from
	}
	if !ok {
		return false
	}
	s.say("In place of image " + name + ".")
	by := &standIn{service: s, d: c.d, mounts: mounts, data: shellWord(".data/" + serviceName(s.name))}
	by.args = s.argsOf(known, command)
	if entry, ok := c.argv(n.get("entrypoint")); ok {
		s.lose("entrypoint: " + entry)
	}
	main := known.port
	if number := atoi(by.flag("--port")); number != 0 {
		main = number
	}
	s.image, s.placed, s.known = true, true, []int{known.port, main}
	if known.named.name != "" {
		s.ports = []port{known.named}
	}
	c.ports(s, n, main)
	known.run(by)
	n.get("healthcheck").get("test").drop() // Being ready is what it asks.
	for _, line := range b.lost {
		s.lose(b.file + ": " + line)
	}
	return true
}

// argsOf is what a command passes to the program of an image. A command of another
// program is lost.
func (s *service) argsOf(known image, command string) []word {
	words, plain := shellWords(command)
	if len(words) > 0 && words[0].value == "exec" {
		words = words[1:]
	}
	switch {
	case !plain:
		s.lose("command: " + command)
		return nil
	case len(words) == 0:
		return nil
	case slices.Contains(known.programs, path.Base(words[0].value)), words[0].value == "docker-entrypoint.sh":
		return words[1:]
	case !strings.HasPrefix(words[0].value, "-") && !strings.HasSuffix(words[0].value, ".conf"):
		s.lose("command: " + command)
		return nil
	}
	return words
}

// take is the value of the first of keys that the source sets; they are no variables
// of the service any more.
func (s *standIn) take(fallback string, keys ...string) string {
	found := ""
	for _, key := range keys {
		if value, ok := s.value(key); ok && found == "" {
			found = value
		}
		s.unset(key)
	}
	if found == "" {
		return fallback
	}
	return found
}

// loseEnv makes comments of variables that only the image knows.
func (s *standIn) loseEnv(prefixes ...string) {
	for _, v := range slices.Clone(s.env) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(v.key, p) }) {
			s.lose("environment " + v.key + ": " + v.value)
			s.unset(v.key)
		}
	}
}

// flags are the args without those named, which lhrun gives itself, as the end of a
// command.
func (s *standIn) flags(without ...string) string {
	words := s.args
	for _, names := range without {
		words = withoutFlag(words, names)
	}
	if len(words) == 0 {
		return ""
	}
	return " " + localPaths(joined(words), ".", s.mounts)
}

// flag is the value of an argument, "" where it is not there.
func (s *standIn) flag(name string) string {
	for i, w := range s.args {
		if value, ok := strings.CutPrefix(w.value, name+"="); ok {
			return value
		}
		if w.value == name && i+1 < len(s.args) {
			return s.args[i+1].value
		}
	}
	return ""
}

// keeps drops the volumes of directories that are below .data now, and tells of the
// rest.
func (s *standIn) keeps(dirs ...string) {
	var lost []string
	for _, entry := range s.lost {
		kept := slices.ContainsFunc(dirs, func(dir string) bool {
			return strings.HasPrefix(entry, "volumes: ") && strings.Contains(entry, ":"+dir)
		})
		if !kept {
			lost = append(lost, entry)
		}
	}
	s.lost = lost
}
