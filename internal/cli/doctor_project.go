package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/dotenv"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/words"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// project checks the project that is here, and the range of its ports.
func (d doctor) project(g *globals) {
	p, registry, err := g.anywhere()
	var mistakes config.Mistakes
	switch {
	case errors.As(err, &mistakes):
		for _, m := range mistakes {
			d.fail("file", m.Hint, "%s: %s", m.Pos, m.Msg)
		}
		return
	case err != nil:
		d.fail("file", "", "%v", err)
		return
	}
	d.portRange(registry)
	if p == nil {
		d.ok("file", "there is no project here")
		return
	}
	d.ok("file", "%s: %s (%s), %s", p.File, p.Name, p.Checkout.Instance, words.Plural(len(p.Services), "service"))
	d.variables(p)
	d.portFiles(p)
	d.tools(p)
	d.ports(p)
	d.logs(p)
}

// portRange compares the range with what the kernel gives to others.
func (d doctor) portRange(registry *ports.Registry) {
	r := registry.Range()
	entries, err := registry.Entries()
	if err != nil {
		d.fail("range", "", "%v", err)
		return
	}
	taken := map[int]bool{}
	for _, e := range entries {
		if r.First <= e.Port && e.Port <= r.Last {
			taken[e.Port] = true
		}
	}
	size := r.Last - r.First + 1
	used := fmt.Sprintf("%s, %d of %d in it are kept for checkouts", r, len(taken), size)
	part, threatened := registry.Threatened()
	switch {
	case threatened:
		d.warn("range", fmt.Sprintf("sysctl -w net.ipv4.ip_local_reserved_ports=%s, or another ports.range", part),
			"%s: the kernel gives %s to outgoing connections, which can keep a service from its port", used, part)
	case len(taken)*10 > size*9:
		d.warn("range", "widen ports.range, or remove checkouts that nobody needs", "%s", used)
	default:
		d.ok("range", "%s", used)
	}
}

// portFiles checks the files that ports are written to, and the directory where the
// services of a draft by init keep their data.
func (d doctor) portFiles(p *run.Project) {
	for _, f := range p.Resolved.Dotenv {
		d.portFile(p.Dir, f)
	}
	data := filepath.Join(p.Dir, ".data")
	if _, err := os.Stat(data); err == nil && !dotenv.Tracked(data) && dotenv.Exposed(data) {
		d.warn("data", "add it to .gitignore", "%s is not ignored by git, which would commit what the services keep there", data)
	}
}

func (d doctor) portFile(root string, f config.ResolvedFile) {
	why := dotenv.Obstacle(root, f.Path)
	if why == "" && dotenv.Tracked(f.Path) {
		why = "is tracked by git"
	}
	if why != "" {
		d.warn("dotenv", "name another file with `dotenv`, or `dotenv = false`", "%s %s, so the ports are not written into it", f.Path, why)
		return
	}
	switch _, err := dotenv.Plan(f.Path, f.Vars); {
	case err != nil:
		d.fail("dotenv", "", "%v", err)
	case dotenv.Exposed(f.Path):
		d.warn("dotenv", "add it to .gitignore", "%s is not ignored by git, which would commit the ports of this checkout", f.Path)
	default:
		d.ok("dotenv", "%s", f.Path)
	}
}

// variables shows what `up` says about the project's variables.
func (d doctor) variables(p *run.Project) {
	for _, notice := range p.Resolved.Notices {
		d.warn("env", "", "%s", notice)
	}
}

// tools checks that each program that a command begins with is there.
func (d doctor) tools(p *run.Project) {
	missing, found := 0, 0
	for _, s := range p.Resolved.Services {
		env, _ := p.Resolved.Environ(s.Name)
		for _, c := range commandsOf(s) {
			name := program(p.Shell, c.argv)
			if name == "" {
				continue
			}
			if _, err := lookPathIn(s.Dir, name, run.Lookup(env, "PATH")); err == nil {
				found++
				continue
			}
			missing++
			d.fail("tools", "install it, or correct the "+c.key, "service %q: %s of its %s is not found or not executable", s.Name, name, c.key)
		}
	}
	if missing == 0 {
		d.ok("tools", "%s in commands, all there", words.Plural(found, "program"))
	}
}

// keyed is an argv and the key of the file that holds it.
type keyed struct {
	key  string
	argv []string
}

// commandsOf are all that a service may run.
func commandsOf(s supervisor.Service) []keyed {
	all := []keyed{{"command", s.Command}}
	if s.Ready.Kind == supervisor.ProbeExec {
		all = append(all, keyed{"ready", s.Ready.Exec})
	}
	if s.Health.Enabled && s.Health.Kind == supervisor.ProbeExec {
		all = append(all, keyed{"health", s.Health.Exec})
	}
	if len(s.Stop.Command) > 0 {
		all = append(all, keyed{"stop.command", s.Stop.Command})
	}
	return all
}

// simpleWord is the beginning of a shell command that names a program for sure.
var simpleWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*(?:exec\s+)?([A-Za-z0-9_./+@-]+)(?:\s|$)`)
})

// program is what an argv runs: for a command of the shell its first word, where
// that is a program without a doubt; "" where it is not.
func program(shell, argv []string) string {
	if len(argv) != len(shell)+1 || !slices.Equal(argv[:len(shell)], shell) {
		return argv[0]
	}
	m := simpleWord().FindStringSubmatch(argv[len(shell)])
	if m == nil || words.IsShellWord(m[1]) {
		return ""
	}
	return m[1]
}

// lookPathIn is lookPath from a directory.
func lookPathIn(dir, name, path string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	dirs := filepath.SplitList(path)
	for i, d := range dirs {
		if !filepath.IsAbs(d) {
			dirs[i] = filepath.Join(dir, d)
		}
	}
	return run.LookPath(name, strings.Join(dirs, string(os.PathListSeparator)))
}

// ports checks who sits on the project's ports.
func (d doctor) ports(p *run.Project) {
	entries, err := p.Registry.Entries()
	if err != nil {
		d.fail("ports", "", "%v", err)
		return
	}
	busy := 0
	for _, l := range p.Leases {
		live := func(e ports.Entry) bool {
			return e.Live && e.Port == l.Home && e.Dir == p.Checkout.Dir
		}
		var taken *ports.BusyError
		if slices.ContainsFunc(entries, live) || !errors.As(ports.Free(l.Home), &taken) {
			continue
		}
		busy++
		_, hint := wayOut(entries, p.Checkout.Dir, l.Request, taken.Holder)
		if l.Fixed != 0 {
			d.fail("ports", hint, "port %d of %s is held by %s", l.Home, run.PortLabel(l.Request), taken.Holder)
		} else {
			d.warn("ports", hint, "port %d of %s is held by %s; lhrun moves aside", l.Home, run.PortLabel(l.Request), taken.Holder)
		}
	}
	if busy == 0 {
		d.ok("ports", "%s, none held by somebody else", words.Plural(len(p.Leases), "port"))
	}
}

// logs names what is kept of services that are no longer in the file.
func (d doctor) logs(p *run.Project) {
	stale, err := p.StaleLogs()
	if err != nil {
		d.fail("logs", "", "%v", err)
		return
	}
	var names []string
	bytes := int64(0)
	for _, s := range stale {
		names = append(names, s.Service)
		bytes += s.Bytes
	}
	if len(names) > 0 {
		d.ok("logs", "%s are kept of what is no longer in the file, and go in time: %s", words.Bytes(bytes), strings.Join(names, ", "))
	}
}
