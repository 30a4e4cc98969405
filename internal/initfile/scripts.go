package initfile

import (
	"path"
	"slices"
	"strings"
)

// script is a call of a script of a package.json, such as "npm run dev -- --open".
type script struct {
	manager string
	name    string
	// dir is where the package is, below the directory of the call.
	dir string
	// args are passed on to it.
	args []word
}

// managers are the programs that run scripts.
var managers = []string{"npm", "pnpm", "yarn", "bun"}

// managerWords are commands of managers, which therefore are no scripts where "run"
// is left out.
var managerWords = []string{
	"install", "i", "ci", "add", "exec", "dlx", "x", "create", "init",
	"workspaces", "workspace", "publish", "link", "why", "set", "config",
}

// callOf reads words as a call of a script. members are the packages of the
// workspace by their names.
func callOf(words []word, members map[string]string) (script, bool) {
	start := 0
	for start < len(words) && isAssignment(words[start].value) {
		start++
	}
	if start == len(words) || !slices.Contains(managers, words[start].value) {
		return script{}, false
	}
	call := script{manager: words[start].value}
	rest := words[start+1:]
	run := false // what follows is a script, whatever its name
	for len(rest) > 0 && call.name == "" {
		w := rest[0].value
		dir, took, known := call.place(rest, members)
		switch {
		case took > 0 && !known:
			return script{}, false
		case took > 0:
			call.dir = dir
		case w == "run" || w == "run-script":
			run, took = true, 1
		case slices.Contains(quietFlags, w):
			took = 1
		case strings.HasPrefix(w, "-"), slices.Contains(managerWords, w) && !run:
			return script{}, false
		default:
			call.name, took = w, 1
		}
		rest = rest[min(took, len(rest)):]
	}
	if dir, took, known := call.place(rest, members); took > 0 && known {
		call.dir, rest = dir, rest[min(took, len(rest)):]
	}
	call.args = slices.DeleteFunc(slices.Clone(rest), func(w word) bool { return w.value == "--" })
	return call, call.name != ""
}

// quietFlags change nothing about which script is run.
var quietFlags = []string{"-s", "--silent", "--if-present", "--hot", "--bun", "--watch"}

// place reads a flag that says in which package a script is. took is how many words
// it has, 0 where there is none; it is not known where no package has that name.
func (call script) place(words []word, members map[string]string) (dir string, took int, known bool) {
	if len(words) == 0 {
		return "", 0, false
	}
	flag, value, inside := strings.Cut(words[0].value, "=")
	took = 1
	if !inside {
		took = 2
		if len(words) > 1 {
			value = words[1].value
		}
	}
	switch {
	case slices.Contains([]string{"--prefix", "--dir", "-C", "--cwd"}, flag):
		return value, took, value != ""
	case slices.Contains([]string{"--filter", "-F", "--workspace", "-w"}, flag), words[0].value == "workspace" && call.manager == "yarn":
		if dir, known := members[value]; known {
			return dir, took, true
		}
		return value, took, isRelative(value)
	}
	return "", 0, false
}

func isRelative(s string) bool { return strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") }

// lookUp is the text of the script that a command in dir calls, and the directory
// of its package.
func (d *Draft) lookUp(dir string, words []word) (call script, text, at string, ok bool) {
	call, ok = callOf(words, d.members())
	if !ok {
		return call, "", "", false
	}
	at = path.Join(dir, call.dir)
	if strings.HasPrefix(at, "..") {
		return call, "", "", false
	}
	m, err := readManifest(d.tree, at)
	if err != nil {
		return call, "", "", false
	}
	text, ok = m.Scripts[call.name].(string)
	return call, text, at, ok
}

// placeScript gives the program of a script its port, and reports whether the
// command calls one.
func (d *Draft) placeScript(s *service, before, words []word) bool {
	call, text, at, ok := d.lookUp(s.dir, words)
	if !ok {
		return false
	}
	inner, known, args, chained := d.innermost(at, text, 0)
	number := s.portIn(inner, known)
	hasPort := len(withoutFlags(inner, known)) < len(inner)
	switch {
	case known.words == "":
		s.command = joined(append(before, words...))
		scripted := *s
		scripted.dir, scripted.command = at, text
		d.guess(&scripted, inner)
		s.quiet, s.fixed, s.known, s.comment = scripted.quiet, scripted.fixed, scripted.known, scripted.comment
	case known.quiet && !servesAnyway(inner):
		s.quiet = true
	case known.obeys, slices.ContainsFunc(inner, func(w word) bool { return portVariable().MatchString(w.raw) }):
		s.quiet = false
	case hasPort && chained:
		s.quiet, s.fixed = false, number
		s.say("Its script " + call.name + " names this port: " + text)
	case hasPort || call.manager == "bun":
		s.quiet, s.dir = false, at
		s.command = execute(call.manager) + joined(known.rewritten(slices.Concat(inner, call.args), args))
		s.say("Its script " + call.name + " says where it listens: " + text)
	case len(known.flags()) > 0:
		s.quiet = false
		line := joined(words)
		if call.manager == "npm" && !strings.Contains(line, " -- ") {
			line += " --"
		}
		s.command = strings.TrimSpace(joined(append(slices.Clone(before), raw(line))) + " " + strings.Join(known.flags(), " "))
	default:
		s.quiet = false
	}
	for _, v := range known.env {
		s.set(v.key, v.value)
	}
	return true
}

// portIn is the port that a command names for itself, 0 where it names none. Others
// know the program by that number, or by the usual one.
func (s *service) portIn(words []word, known tool) int {
	number := 0
	for i, w := range words {
		_, value, inside := strings.Cut(w.value, "=")
		if !inside && i > 0 {
			value = w.value
			w = words[i-1]
		}
		flag, _, _ := strings.Cut(w.value, "=")
		for name := range strings.SplitSeq(known.port+","+known.address, ",") {
			if name != "" && strings.TrimSuffix(name, "=") == flag {
				number = max(number, atoi(value[strings.LastIndexByte(value, ':')+1:]))
			}
		}
	}
	if number == 0 {
		s.known = append(s.known, known.usualPort()...)
		return 0
	}
	s.known = append(s.known, number)
	return number
}

// usualPort lets others know a service by the port that its program takes where
// nothing else is said, unless the source calls it by another.
func (s *service) usualPort() {
	words, ok := shellWords(s.command)
	if !ok || s.image || !s.listens() || len(s.known) > 0 {
		return
	}
	_, last, ok := lastCommand(words)
	if known, _, tooled := toolFor(values(last)); ok && tooled {
		s.known = known.usualPort()
	}
}

// usualPort is the port that t takes where nothing is said, none where that is not
// known.
func (t tool) usualPort() []int {
	for _, u := range usualPorts {
		if u.program == firstField(t.words) {
			return []int{u.port}
		}
	}
	return nil
}

// usualPorts are those that programs take where nothing else is said.
var usualPorts = []struct {
	program string
	port    int
}{
	{"vite", 5173}, {"next", 3000}, {"nuxt", 3000}, {"nuxi", 3000}, {"astro", 4321}, {"ng", 4200}, {"webpack", 8080}, {"parcel", 1234}, {"gatsby", 8000},
	{"storybook", 6006}, {"react-scripts", 3000}, {"vue-cli-service", 8080}, {"rails", 3000}, {"puma", 9292}, {"rackup", 9292}, {"flask", 5000},
	{"uvicorn", 8000}, {"fastapi", 8000}, {"gunicorn", 8000}, {"manage.py", 8000}, {"artisan", 8000}, {"mix", 4000}, {"spring-boot:run", 8080},
	{"bootRun", 8080}, {"strapi", 1337}, {"hugo", 1313}, {"docusaurus", 3000},
}

func withoutFlags(words []word, t tool) []word {
	for _, flags := range []string{t.host, t.port, t.address} {
		if flags != "" {
			words = withoutFlag(words, flags)
		}
	}
	return words
}

// maxScripts is how deep scripts may call one another.
const maxScripts = 8

// innermost follows a script that calls others to the program that it ends with. It
// is chained where others run before that. known is empty where no table knows it.
func (d *Draft) innermost(dir, text string, depth int) (inner []word, known tool, args int, chained bool) {
	words, ok := shellWords(text)
	if !ok || depth == maxScripts {
		return nil, tool{}, 0, false
	}
	before, last, ok := lastCommand(words)
	if !ok {
		return nil, tool{}, 0, false
	}
	if call, next, at, called := d.lookUp(dir, last); called {
		inner, known, args, chained = d.innermost(at, next, depth+1)
		return slices.Concat(inner, call.args), known, args, chained || len(before) > 0
	}
	known, args, _ = toolFor(values(last))
	return last, known, args, len(before) > 0
}

// execute runs a program of a package, by its manager.
func execute(manager string) string {
	return map[string]string{"npm": "npx ", "pnpm": "pnpm exec ", "yarn": "yarn ", "bun": "bunx "}[manager]
}
