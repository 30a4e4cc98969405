package initfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// restarts are compose's policies in lhrun's words; what is not here is lhrun's own
// default.
var restarts = glossary{{"always", "always"}, {"unless-stopped", "always"}, {"no", "no"}, {"never", "no"}, {"false", "no"}}

// languages are images that bring an interpreter or a compiler, and no program.
var languages = []string{
	"node", "python", "golang", "ruby", "php", "openjdk", "eclipse-temurin", "maven", "gradle", "rust", "bun", "deno",
	"elixir", "sdk", "composer", "alpine", "debian", "ubuntu", "busybox", "uv", "amazoncorretto", "perl", "erlang", "base",
}

var idleCommand = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\bsleep (?:infinity|inf\b|[0-9]{3,})|\btail -[fF] /dev/null|^while (?:true|:|sleep)|^(?:/bin/)?(?:ba|z|a)?sh(?: -i| -l)?$|^cat$|^tty$`)
})

// service turns a service of a compose file into a table: a known image becomes the
// program that does its work, a build what its directory runs.
func (c *compose) service(name string, n *node) service {
	s := service{name: name, from: c.file}
	c.environment(&s, n.get("environment"))
	c.envFiles(&s, n.get("env_file"))
	s.after = c.after(n)
	s.profiles = n.get("profiles").words()
	s.restart = restarts.of(c.plain(n.get("restart")))
	s.stop.signal = signalName(c.plain(n.get("stop_signal")))
	if grace := c.plain(n.get("stop_grace_period")); grace != "" {
		s.stop.timeout = c.duration(&s, "stop_grace_period", grace)
	}
	s.aliases = c.aliases(n)
	image := c.plain(n.get("image"))
	build := c.build(&s, n.get("build"))
	bound := c.mounts(&s, n.get("volumes"))
	mounts := append(slices.Clone(build.copies), bound...)
	entrypoint, _ := c.argv(n.get("entrypoint"))
	command, _ := c.argv(n.get("command"))
	if entrypoint == "" {
		entrypoint = literal(build.entrypoint)
	}
	if c.standIn(&s, n, image, build, strings.TrimSpace(command), mounts) {
		s.loseUnused(bound)
		return c.finish(s, n)
	}
	c.ports(&s, n, build.port(), build.expose...)
	if value, _ := s.value("PORT"); atoi(value) != 0 && !slices.Contains(s.known, atoi(value)) {
		s.known = append(s.known, atoi(value))
	}
	s.silent = len(s.known) == 0
	s.dir = c.workDir(&s, n, build, mounts)
	c.run(&s, image, build, entrypoint, command, mounts)
	s.loseUnused(bound)
	if !s.off {
		c.health(&s, n.get("healthcheck"))
	}
	return c.finish(s, n)
}

// aliases are the names besides its own by which others reach the service. They stay
// unread, for the container's name itself is not taken over.
func (c *compose) aliases(n *node) []string {
	var all []string
	for _, key := range []string{"container_name", "hostname"} {
		if part := n.parts[key]; part.isScalar() && part.text != "" {
			all = append(all, c.plainText(part.text))
		}
	}
	if networks := n.parts["networks"]; networks.isTable() {
		for _, network := range networks.parts {
			if list := network.parts["aliases"]; list != nil {
				for _, item := range list.list {
					all = append(all, c.plainText(item.text))
				}
			}
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(name string) bool { return name == "" })
}

// finish says what nothing has read.
func (c *compose) finish(s service, n *node) service {
	for _, name := range c.missing {
		s.lose("the value of ${" + name + "}, which nothing here sets")
	}
	c.missing = nil
	s.lose(n.unread("")...)
	return s
}

// build is what an image is built from: a directory and the Dockerfile there.
type build struct {
	dockerfile
	given bool
	dir   string
}

// port is the one that a Dockerfile names first, 0 where it names none.
func (b build) port() int {
	if len(b.expose) > 0 {
		return b.expose[0]
	}
	return 0
}

// build reads `build: DIR` or `build: {context: DIR}` and the Dockerfile there.
func (c *compose) build(s *service, n *node) build {
	if n == nil || n.isNull {
		return build{}
	}
	context, file, target := c.plain(n), "", ""
	if n.isTable() {
		context, target = c.plain(n.get("context")), c.plain(n.get("target"))
		file = c.plain(n.get("dockerfile"))
		if context == "" {
			context = "."
		}
	}
	b := build{given: true, dir: path.Join(c.base, context)}
	if file == "" {
		file = "Dockerfile"
	}
	found := false
	if b.dockerfile, found = c.d.readDockerfile(path.Join(b.dir, file), b.dir, strings.ToLower(target)); !found {
		n.leave("target")
		n.leave("dockerfile")
	}
	for _, v := range b.env {
		if !strings.Contains(v.value, "$") && v.key != "PATH" && v.value != "production" {
			s.set(v.key, literal(v.value))
		} else {
			b.lost = append(b.lost, "ENV "+v.key+"="+v.value)
		}
	}
	if s.stop.signal == "" {
		s.stop.signal = signalName(b.stop)
	}
	return b
}

// workDir is where the service runs: the place of its working directory, else of what
// is built or mounted.
func (c *compose) workDir(s *service, n *node, b build, mounts []mount) string {
	given := c.plain(n.get("working_dir"))
	target := given
	if target == "" {
		target = b.workdir
	}
	if target != "" && path.IsAbs(target) {
		if host, ok := here(mounts, path.Clean(target)); ok && isDir(c.d.tree, host) {
			return host
		}
	}
	if given != "" {
		s.lose("working_dir: " + given)
	}
	if b.given {
		return b.dir
	}
	for _, m := range mounts {
		if isDir(c.d.tree, m.host) {
			return m.host
		}
	}
	return c.base
}

// run gives s a command, or says why it has none.
func (c *compose) run(s *service, image string, b build, entrypoint, command string, mounts []mount) {
	isLanguage := image != "" && !b.given && slices.Contains(languages, imageName(image))
	full := strings.TrimSpace(entrypoint + " " + command)
	switch {
	case b.given && !isDir(c.d.tree, b.dir):
		c.away(s, "a build whose directory, "+b.dir+", is not here", full)
	case !b.given && image == "" && full == "":
		c.away(s, "a build without a command", "")
	case !b.given && image == "":
		c.away(s, "an image that is named elsewhere", full)
	case !b.given && !isLanguage:
		c.away(s, "image "+image, full)
	case idleCommand().MatchString(command), idleCommand().MatchString(entrypoint), command == "" && isLanguage:
		s.lose("command: " + full + ", which only keeps a container alive")
		c.runDirectory(s, b, true)
	case command != "":
		s.command = localPaths(full, s.dir, mounts)
		c.checkProgram(s)
		c.loseLines(s, b, false)
	default:
		said := len(s.comment)
		c.runDirectory(s, b, false)
		if s.off && full+b.command != "" {
			s.off, s.comment = false, s.comment[:said]
			s.command = localPaths(strings.TrimSpace(entrypoint+" "+literal(b.command)), s.dir, mounts)
			s.say("Its command is that of " + b.file + ".")
			c.checkProgram(s)
			c.loseLines(s, b, false)
		}
	}
}

// runDirectory runs the one program that the directory of s holds.
func (c *compose) runDirectory(s *service, b build, idle bool) {
	program, ok := c.d.programIn(s.dir)
	if !ok {
		c.away(s, "a build without a command that runs here", strings.TrimSpace(b.entrypoint+" "+b.command))
		s.lenderOnly = idle
		return
	}
	s.command, s.dir, s.quiet, s.fixed = program.command, program.dir, program.quiet, program.fixed
	s.known = append(s.known, program.known...)
	s.say(program.comment...)
	s.lose(program.lost...)
	for _, v := range program.env {
		s.unset(v.key)
		s.set(v.key, v.value)
	}
	if len(s.known) > 0 && s.quiet && slices.Contains(s.comment, maybeQuiet) {
		s.quiet = false
		s.comment = slices.DeleteFunc(s.comment, func(line string) bool { return line == maybeQuiet })
		s.say(ownPort)
	}
	s.placed = true
	c.loseLines(s, b, true)
}

// loseLines tells what of the Dockerfile is no key.
func (c *compose) loseLines(s *service, b build, commands bool) {
	if b.file == "" {
		return
	}
	lines := b.lost
	if commands && b.entrypoint != "" {
		lines = append(lines, "ENTRYPOINT "+b.entrypoint)
	}
	if commands && b.command != "" {
		lines = append(lines, "CMD "+b.command)
	}
	for _, line := range lines {
		s.lose(b.file + ": " + line)
	}
}

// checkProgram makes a comment of a program that only the image has.
func (c *compose) checkProgram(s *service) {
	words, ok := shellWords(s.command)
	if !ok || len(words) == 0 {
		return
	}
	program := words[min(programOf(values(words)), len(words)-1)].value
	switch {
	case !strings.HasPrefix(program, "./") && !strings.HasPrefix(program, "../") && !strings.HasPrefix(program, "/"):
	case strings.HasPrefix(program, "/bin/"), strings.HasPrefix(program, "/usr/bin/"):
	case exists(c.d.tree, path.Join(s.dir, program)) && !path.IsAbs(program):
	default:
		s.comment = slices.DeleteFunc(s.comment, func(l string) bool { return strings.HasPrefix(l, "Its command is ") })
		c.away(s, "an image that has "+program, s.command)
	}
}

// away makes a comment of what runs only in a container.
func (c *compose) away(s *service, origin, command string) {
	s.off, s.command, s.comment = true, command, slices.Clip(s.comment)
	if command == "" {
		s.command = "…"
		s.say("No local command is known for " + origin + ". Once there is one:")
		return
	}
	s.say("It runs in " + origin + ". Once it runs here:")
}
