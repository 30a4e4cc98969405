package watch

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/git"
)

// ignoreFile is what git calls its list of what it leaves alone, one a directory.
const ignoreFile = ".gitignore"

// ignoreRule is one line of such a list.
type ignoreRule struct {
	re *regexp.Regexp
	// negated takes something back; dirs is for directories alone; base looks at
	// the last component, otherwise at the path below the list's directory.
	negated, dirs, base bool
}

// parseIgnore reads a list. Lines that git can make nothing of are left out.
func parseIgnore(data []byte) (rules []ignoreRule) {
	text := strings.TrimPrefix(string(data), "\ufeff")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if r, ok := parseIgnoreLine(trimSpaces(line)); ok {
			rules = append(rules, r)
		}
	}
	return rules
}

// trimSpaces takes trailing ones away, up to one that is escaped.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' {
			i++
			end = min(i+1, len(line))
		} else if line[i] != ' ' {
			end = i + 1
		}
	}
	return line[:end]
}

func parseIgnoreLine(line string) (r ignoreRule, ok bool) {
	if line == "" || line[0] == '#' {
		return r, false
	}
	line, r.negated = strings.CutPrefix(line, "!")
	line, r.dirs = strings.CutSuffix(line, "/")
	r.base = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return r, false
	}
	r.re, ok = wildmatch(line)
	return r, ok
}

// judge says what rules make of a path below their directory: the last that fits
// decides.
func judge(rules []ignoreRule, path string, isDir bool) (ignored, decided bool) {
	base := bytesOf(filepath.Base(path))
	path = bytesOf(filepath.ToSlash(path))
	for i := len(rules) - 1; i >= 0; i-- {
		r := rules[i]
		if r.dirs && !isDir {
			continue
		}
		subject := path
		if r.base {
			subject = base
		}
		if r.re.MatchString(subject) {
			return !r.negated, true
		}
	}
	return false, false
}

// ignores knows what git ignores below top, the root of a work tree, or of a
// project that is in none. Files that git tracks all the same are ignored too.
type ignores struct {
	top   string
	lists map[string][]ignoreRule // by directory
	dirs  map[string]bool         // what was found out about directories
	// wide are the rules of info/exclude, then those of the user.
	wide [2][]ignoreRule
}

// ignoresOf is for dir, which is in the work tree around it, or else in root.
func ignoresOf(dir, root string) *ignores {
	g := newIgnores(dir)
	for at := dir; ; at = filepath.Dir(at) {
		if git.IsTop(at) {
			g.top = at
			_, common := git.Dirs(at)
			g.wide[0] = readIgnore(filepath.Join(common, "info", "exclude"))
			g.wide[1] = readIgnore(usersIgnore(at))
			if g.ignored(dir, true) {
				break // The work tree of somebody's home leaves its projects alone.
			}
			return g
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	if within(root, dir) {
		return newIgnores(root)
	}
	return newIgnores(dir)
}

func newIgnores(top string) *ignores {
	return &ignores{top: top, lists: map[string][]ignoreRule{}, dirs: map[string]bool{}}
}

func readIgnore(path string) []ignoreRule { return parseIgnore(git.Read(path)) }

// usersIgnore is the list of the user's own, wherever git is told that it is.
func usersIgnore(top string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", "-C", top, "config", "--type=path", "--get", "core.excludesFile")
	if out, err := cmd.Output(); err == nil && len(out) > 0 {
		return strings.TrimSuffix(string(out), "\n")
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	config := filepath.Join(dir, ".config")
	if x := os.Getenv("XDG_CONFIG_HOME"); x != "" {
		config = x
	}
	return filepath.Join(config, "git", "ignore")
}

// changed forgets what it has read.
func (g *ignores) changed() {
	clear(g.lists)
	clear(g.dirs)
}

// ignored reports whether git ignores a path below top. What lies in an ignored
// directory is, whatever else is said of it.
func (g *ignores) ignored(path string, isDir bool) bool {
	if path == g.top || !within(g.top, path) {
		return false
	}
	if filepath.Base(path) == ".git" {
		return true
	}
	if isDir {
		if known, ok := g.dirs[path]; ok {
			return known
		}
	}
	ignored := g.ignored(filepath.Dir(path), true) || g.listed(path, isDir)
	if isDir {
		g.dirs[path] = ignored
	}
	return ignored
}

// listed asks the lists from the nearest one on.
func (g *ignores) listed(path string, isDir bool) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if ignored, decided := judge(g.list(dir), path[len(strings.TrimSuffix(dir, "/"))+1:], isDir); decided {
			return ignored
		}
		if dir == g.top {
			break
		}
	}
	rel := path[len(strings.TrimSuffix(g.top, "/"))+1:]
	for _, rules := range g.wide {
		if ignored, decided := judge(rules, rel, isDir); decided {
			return ignored
		}
	}
	return false
}

func (g *ignores) list(dir string) []ignoreRule {
	rules, ok := g.lists[dir]
	if !ok {
		rules = readIgnore(filepath.Join(dir, ignoreFile))
		g.lists[dir] = rules
	}
	return rules
}

// within reports whether path is dir or below it.
func within(dir, path string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(dir, "/"))
	return ok && (rest == "" || rest[0] == '/')
}
