package initfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// mount is a file or directory of the project that a container sees elsewhere.
type mount struct {
	host, target string
	// used reports whether something of the draft comes of it.
	used *bool
}

func newMount(host, target string) mount { return mount{host, target, new(bool)} }

// mounts are the bind mounts of a service. Other volumes are lost: what runs here has
// no container to keep apart.
func (c *compose) mounts(s *service, n *node) []mount {
	var found []mount
	for item := range n.items() {
		var host, target string
		if item.isTable() {
			host, target = c.plain(item.get("source")), c.plain(item.get("target"))
			if kind := item.get("type").str(); kind != "bind" {
				host = ""
			}
			item.get("read_only").str()
		} else {
			host, target = volume(c.plainText(item.str()))
		}
		host, inside := c.inside(host)
		if !inside || target == "" {
			s.lose("volumes: " + item.flow(maxFlow))
			continue
		}
		found = append(found, newMount(host, path.Clean(target)))
	}
	return found
}

// volume parts "HOST:TARGET:MODE".
func volume(text string) (host, target string) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 {
		return "", ""
	}
	return parts[0], parts[1]
}

// inside is a path of the compose file seen from the root; it is false for a named
// volume and for what lies elsewhere.
func (c *compose) inside(host string) (string, bool) {
	for _, own := range []string{"$PWD", "${PWD}", "$(pwd)"} {
		if rest, ok := strings.CutPrefix(host, own); ok {
			host = "./" + strings.TrimPrefix(rest, "/")
		}
	}
	if host != "." && host != ".." && !isRelative(host) {
		return "", false
	}
	host = path.Join(c.base, host)
	return host, host != ".." && !strings.HasPrefix(host, "../")
}

// here is a path in the container as one of the project; it is false for what the
// container alone has.
func here(mounts []mount, target string) (string, bool) {
	best, found := mount{}, false
	host, length := "", -1
	for _, m := range mounts {
		rest, ok := strings.CutPrefix(target, m.target)
		if m.target == "/" {
			rest, ok = target, true
		}
		if ok && (rest == "" || strings.HasPrefix(rest, "/")) && len(m.target) > length {
			best, host, length, found = m, path.Join(m.host, rest), len(m.target), true
		}
	}
	if found {
		*best.used = true
	}
	return host, found
}

// loseUnused makes comments of mounts that nothing of the draft comes of.
func (s *service) loseUnused(mounts []mount) {
	for _, m := range mounts {
		if !*m.used {
			s.lose("volumes: " + m.host + ":" + m.target)
		}
	}
}

var absolutePath = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(^|[\s'"=:])(/[\w./@+-]+)`)
})

// localPaths replaces paths in the container by those of the project, relative to
// dir.
func localPaths(command, dir string, mounts []mount) string {
	return absolutePath().ReplaceAllStringFunc(command, func(m string) string {
		before, target := m[:strings.Index(m, "/")], m[strings.Index(m, "/"):]
		host, ok := here(mounts, path.Clean(target))
		if !ok || slices.Contains([]string{"/", "/bin", "/usr", "/tmp", "/dev"}, path.Clean(target)) {
			return m
		}
		return before + relative(dir, host)
	})
}

// relative is how a command in dir names a path of the project.
func relative(dir, name string) string {
	dir, name = path.Clean(dir), path.Clean(name)
	up := ""
	for dir != "." && name != dir && !strings.HasPrefix(name, dir+"/") {
		dir, up = path.Dir(dir), up+"../"
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
	if dir == "." && name == "" {
		name = "."
	}
	switch {
	case up != "":
		return strings.TrimSuffix(up+strings.TrimPrefix(name, "."), "/")
	case name == "":
		return "."
	}
	return "./" + strings.TrimPrefix(name, "./")
}
