package initfile

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// dotenvFile is the .env of the root, or, where there is none, the example of one that
// is committed in its place.
type dotenvFile struct {
	name string
	// isExample reports whether name is only an example: services do not get what it says.
	isExample bool
	entries   []dotenv.Entry
}

var exampleNames = []string{".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env.development", ".env.defaults"}

func (d *Draft) readDotenv() {
	names := append([]string{".env"}, exampleNames...)
	for i, name := range names {
		if !exists(d.tree, name) {
			continue
		}
		entries, err := d.parse(name)
		if err != nil {
			d.note(name, firstLine(err))
			d.unreadable = i == 0
			return
		}
		d.dotenv = dotenvFile{name, i > 0, entries}
		if i > 0 && name != ".env.development" {
			d.remarks = append(d.remarks, name+" is only an example: cp "+name+" .env")
		}
		return
	}
}

// firstLine is an error without what it shows of the file, which may be a secret.
func firstLine(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return plainError(text)
}

type plainError string

func (e plainError) Error() string { return string(e) }

func (f dotenvFile) get(name string) (string, bool) {
	for i := len(f.entries) - 1; i >= 0; i-- {
		if f.entries[i].Key == name {
			return f.entries[i].Value, true
		}
	}
	return "", false
}

// value is what the file sets a variable to.
func (f dotenvFile) value(name string) (string, bool) { return f.get(name) }

// template is how a text of the draft has a variable: never the value itself where it
// is from .env, which is no part of the repository.
func (f dotenvFile) template(name string) (string, bool) {
	value, ok := f.get(name)
	if !ok || value == "" {
		return "", ok
	}
	if f.isExample {
		return literal(value), true
	}
	return "{{env." + name + "}}", true
}

var loopbackAddress = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal):([0-9]+)`)
})

// pointDotenv writes the variables of .env that name a service of the draft into
// [env], which wins over the file.
func (d *Draft) pointDotenv() {
	own := &service{}
	for _, e := range d.dotenv.entries {
		own.env = append(own.env, variable{e.Key, literal(e.Value)})
	}
	before := slices.Clone(own.env)
	d.pointAll(own)
	for i, v := range own.env {
		if v.value == before[i].value || !strings.Contains(v.value, "{{") || v.key == "PORT" || v.key == "HOST" {
			continue
		}
		value, ok := d.withoutSecret(v.value)
		if !ok {
			d.remarks = append(d.remarks, d.dotenv.name+" sets "+v.key+" to an address of a service here and to a secret: set it in [env] by templates.")
			continue
		}
		d.setEnv(v.key, value)
	}
}

func (d *Draft) setEnv(key, value string) {
	d.env = slices.DeleteFunc(d.env, func(v variable) bool { return v.key == key })
	d.env = append(d.env, variable{key, value})
}

var passwordPart = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:password|passwd|pwd|secret|token|key)\s*=`)
})

// withoutSecret keeps a password that only .env knows out of the draft: a url gets the
// login of the service that it names. It is not ok where a secret would be left.
func (d *Draft) withoutSecret(value string) (string, bool) {
	if d.dotenv.isExample {
		return value, true
	}
	scheme, rest, isURL := strings.Cut(value, "://")
	login, place, hasLogin := strings.Cut(rest, "@")
	if !isURL || !hasLogin || strings.Contains(login, "/") {
		return value, !passwordPart().MatchString(value) && !(strings.Contains(value, "@") && strings.Contains(value, ":"))
	}
	_, password, _ := strings.Cut(login, ":")
	if password == "" || strings.Contains(login, "{{") {
		return value, true
	}
	for _, s := range d.services {
		if s.url == "" || !strings.Contains(place, "{{"+s.name+".") {
			continue
		}
		if _, known, ok := strings.Cut(s.url, "://"); ok {
			ours, _, hasOurs := strings.Cut(known, "@")
			if user, pw, _ := strings.Cut(ours, ":"); hasOurs && (pw != "" || strings.Contains(s.command, "--auth trust")) {
				if pw == "" {
					return scheme + "://" + user + "@" + place, true
				}
				return scheme + "://" + ours + "@" + place, true
			}
		}
	}
	return value, false
}

// readFrameworks finds out whether the project's framework reads .env files by
// itself, in layers of which lhrun's reading of .env would win over all.
func (d *Draft) readFrameworks() {
	why := ""
	if m, err := readManifest(d.tree, "."); err == nil {
		for _, name := range []string{"next", "vite", "nuxt", "astro", "@sveltejs/kit", "react-scripts", "dotenv-flow", "gatsby", "@vue/cli-service", "@remix-run/dev"} {
			if m.depends(name) {
				why = name
				break
			}
		}
	}
	if gemfile, err := readFile(d.tree, "Gemfile"); err == nil && (hasGem(gemfile, "dotenv-rails") || hasGem(gemfile, "dotenv")) {
		why = "dotenv"
	}
	if why == "" || !d.hasLayers() {
		return
	}
	d.layers = why
}

// hasLayers reports whether there is a .env, or a file of its kind.
func (d *Draft) hasLayers() bool {
	return slices.ContainsFunc([]string{".env", ".env.local", ".env.development", ".env.test", ".env.production", ".env.development.local", ".env.test.local"},
		func(name string) bool { return exists(d.tree, name) })
}

// rootDotenv stands above a service whose source reads .env for it alone.
const rootDotenv = "Its env_file .env is read for every service."

// keepDotenvOut writes env_file = false, unless a template needs what .env says.
// Programs that are not of the framework read it by themselves.
func (d *Draft) keepDotenvOut() {
	if d.layers == "" || d.unreadable {
		return
	}
	needs := slices.ContainsFunc(d.env, func(v variable) bool { return strings.Contains(v.value, "{{env.") })
	for _, s := range d.services {
		needs = needs || !s.off && strings.Contains(s.command+s.url+s.ready+s.dir+textOf(s.env), "{{env.")
	}
	if needs {
		d.remarks = append(d.remarks, d.layers+" reads .env files by itself, in layers, and here .env wins over them; env_file = false",
			"would keep it out, but templates of this file need it.")
		return
	}
	d.ownEnv = true
	for i := range d.services {
		s := &d.services[i]
		if at := slices.Index(s.comment, rootDotenv); at >= 0 && !s.off {
			s.comment = slices.Delete(s.comment, at, at+1)
			s.envFiles = append(s.envFiles, ".env")
			continue
		}
		if s.image || s.off || path.Clean(s.dir) == "." && !strings.Contains(s.command, "go run") && !strings.Contains(s.command, "python") {
			continue
		}
		if exists(d.tree, ".env") && path.Clean(s.dir) != "." {
			s.envFiles = slices.Insert(s.envFiles, 0, ".env")
		}
	}
}

func textOf(vars []variable) string {
	var all strings.Builder
	for _, v := range vars {
		all.WriteString(v.value + "\n")
	}
	return all.String()
}

// scheme is that of a url, "" where it is none.
func scheme(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		before, _, _ := strings.Cut(s, "://")
		return before
	}
	return u.Scheme
}
