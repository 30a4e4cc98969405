package watch

import (
	"path/filepath"
	"runtime"
	"testing"
)

const runsLinux = runtime.GOOS == "linux"

func TestPatterns(t *testing.T) {
	for pattern, paths := range map[string]map[string]bool{
		"src":                 {"src": true, "src/a/b": true, "srcs": false, "a/src": false},
		"src/":                {"src/a/b": true},
		"./src/*.go":          {"src/a.go": true, "src/b/a.go": false, "src/x.go/y": true},
		"src/**":              {"src/a": true, "src/a/b": true, "lib/a": false},
		"src/**/*.go":         {"src/a.go": true, "src/a/b.go": true, "src/a.c": false},
		"*.go":                {"a.go": true, "b/a.go": false},
		"**/*.{css,html}":     {"a.css": true, "x/y/b.html": true, "b.js": false},
		"{src/a,lib}/**/*.go": {"src/a/x.go": true, "lib/b/x.go": true, "src/b/x.go": false},
		".":                   {"a": true, "a/b": true},
		"**":                  {"a": true, "a/b": true},
		"src/[ab]?.go":        {"src/ax.go": true, "src/cx.go": false},
		`src/\*.go`:           {"src/*.go": true, "src/a.go": false},
		"../shared/*":         {"../shared/x": true, "shared/x": false},
		"/etc/hosts":          {"../../etc/hosts": true},
		"src/../lib":          {"lib/x": true, "src/x": false},
		"a/**/b/**/c":         {"a/b/c": true, "a/x/b/y/c": true, "a/c": false},
	} {
		p := newPattern("/home/shop", pattern)
		for path, want := range paths {
			file := filepath.Join("/home/shop", path)
			if got := p.match(file); got != want {
				t.Errorf("%q matches %q: %v", pattern, path, got)
			}
			for dir := filepath.Dir(file); want && dir != "/"; dir = filepath.Dir(dir) {
				if !p.below(dir) {
					t.Errorf("%q: nothing in %q is looked at, where %q is", pattern, dir, path)
				}
			}
		}
	}
}

func TestDirectoriesInWhichNothingCanMatchAreLeftOut(t *testing.T) {
	for pattern, dirs := range map[string][]string{
		"src/**":      {"lib", "srcs", "docs/src"},
		"*.go":        {"a", "src"},
		"src/*/x/*.c": {"src/a/y", "src/a/x/b"},
	} {
		p := newPattern("/home/shop", pattern)
		for _, dir := range dirs {
			if p.below("/home/shop/" + dir) {
				t.Errorf("%q looks into %q", pattern, dir)
			}
		}
		if p.below("/home/shopping") || p.below("/etc") {
			t.Errorf("%q looks outside", pattern)
		}
	}
}

func TestBaseIsWhereAPatternBegins(t *testing.T) {
	for pattern, want := range map[string]string{
		"src/**/*.go": "/a b/[x]/src", "src": "/a b/[x]/src", "*": "/a b/[x]", `s\*c/*`: "/a b/[x]/s*c", "/etc/h*": "/etc", "../y": "/a b/y",
	} {
		if got := newPattern("/a b/[x]", pattern).base(); got != want {
			t.Errorf("%q begins at %q, want %q", pattern, got, want)
		}
	}
}

// FuzzPattern: whatever matches lies where it is looked for.
func FuzzPattern(f *testing.F) {
	f.Add("src/**/*.go", "src/a/b.go")
	f.Add("{a/b,c}/*", "a/b/x")
	f.Add(`..\/[a-]*/**`, "../x")
	f.Fuzz(func(t *testing.T, text, path string) {
		p := newPattern("/r[1]/shop", text)
		file := filepath.Join("/r[1]/shop", path)
		p.base()
		exclusion("/r[1]/shop", text).match(file)
		if !p.match(file) {
			return
		}
		for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
			if !p.below(dir) {
				t.Errorf("%q matches %q, but %q is not looked at", text, path, dir)
			}
			if dir == "/" {
				break
			}
		}
	})
}
