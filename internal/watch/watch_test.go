package watch

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait: only what never comes takes so long.
const patience = 60 * time.Second

// probed is a watcher whose news a test can wait for.
type probed struct {
	*Watcher
	t       *testing.T
	dir     string
	changes chan Change
	mu      sync.Mutex
	trouble []string
}

func watching(t *testing.T, dir string, r Rule, own ...string) *probed {
	t.Helper()
	p := &probed{t: t, dir: dir, changes: make(chan Change, 1000)}
	p.Watcher = New(Options{Root: dir, Changed: func(c Change) { p.changes <- c }, Trouble: func(text string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.trouble = append(p.trouble, text)
	}})
	t.Cleanup(p.Close)
	if r.Name == "" {
		r.Name = "api"
	}
	p.Set([]Rule{r}, own)
	return p
}

func (p *probed) next() Change {
	p.t.Helper()
	select {
	case c := <-p.changes:
		return c
	case <-time.After(patience):
		p.t.Fatalf("no change was seen; trouble: %q", p.trouble)
		return Change{}
	}
}

// until waits for a change of file and returns all files that were told so far.
func (p *probed) until(file string) (files []string) {
	p.t.Helper()
	for !slices.Contains(files, file) {
		files = append(files, p.next().Files...)
	}
	return files
}

// tells does something and expects that a change of file is told.
func (p *probed) tells(file string, do func()) {
	p.t.Helper()
	do()
	p.until(file)
}

// tellsNothing does something and expects that only the next change is told.
func (p *probed) tellsNothing(do func()) {
	p.t.Helper()
	do()
	write(p.t, p.dir, "src/sentinel", time.Now().String())
	if files := p.until("src/sentinel"); len(files) != 1 {
		p.t.Errorf("told %q", files)
	}
}

func (p *probed) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *probed) path(name string) string { return filepath.Join(p.dir, name) }

func (p *probed) rename(from, to string) { p.t.Helper(); p.must(os.Rename(p.path(from), p.path(to))) }

func TestSavesAreSeenHoweverAnEditorMakesThem(t *testing.T) {
	dir := realDir(t)
	write(t, dir, "src/main.go", "1")
	p := watching(t, dir, Rule{Paths: []string{"src/**/*.go"}})
	for name, save := range map[string]func(){
		"in place": func() { write(t, dir, "src/main.go", "2") },
		"atomic": func() {
			write(t, dir, "src/.main.go.tmp", "3")
			p.rename("src/.main.go.tmp", "src/main.go")
		},
		"vim": func() {
			write(t, dir, "src/4913", "")
			p.must(os.Remove(p.path("src/4913")))
			p.rename("src/main.go", "src/main.go~")
			write(t, dir, "src/main.go", "4")
			p.must(os.Remove(p.path("src/main.go~")))
		},
		"touch":  func() { p.must(os.Chtimes(p.path("src/main.go"), time.Now(), time.Now())) },
		"delete": func() { p.must(os.Remove(p.path("src/main.go"))) },
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, "src/main.go", "1")
			p.until("src/main.go")
			save()
			if c := p.next(); !slices.Equal(c.Files, []string{"src/main.go"}) || c.Name != "api" {
				t.Errorf("told %+v", c)
			}
		})
	}
}

func TestABurstIsToldOnce(t *testing.T) {
	dir := realDir(t)
	write(t, dir, "src/", "")
	p := watching(t, dir, Rule{Paths: []string{"src"}, Debounce: 3 * time.Second})
	for i := range 500 {
		write(t, dir, fmt.Sprintf("src/%d/%d.go", i%7, i), "x")
	}
	if c := p.next(); len(c.Files) != mostFiles || !c.More {
		t.Errorf("told %d files, more %v", len(c.Files), c.More)
	}
	p.tellsNothing(func() {})
}

func TestWhatDoesNotCount(t *testing.T) {
	dir := repository(t, ignoreFile, "*.log\ndist/\n!dist/kept\n", "src/"+ignoreFile, "*.gen\n!keep.gen\n", "src/x", "", "src/dist/y", "", "deps/.git/config", "")
	write(t, dir, ".git/info/exclude", "secret\n", "src/.env", "")
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "src/x"), long, long); err != nil {
		t.Fatal(err)
	}
	p := watching(t, dir, Rule{Paths: []string{"**"}, Ignore: []string{"*.tmp", "src/sub/**", "docs/"}},
		filepath.Join(dir, "src/.env"), filepath.Join(dir, "state"))
	for _, name := range []string{
		"src/a.log", "src/a.gen", "src/dist/kept", "src/dist/y", "dist/z", "src/secret", ".git/index", ".git/refs/x", "deps/.git/config", "deps/x",
		"src/a.tmp", "b.tmp", "src/sub/deep/x", "docs/x", "src/docs/y", "src/.env", "src/.lhrun-123", "state/lhrun/logs/x",
		"src/main.go~", "src/.main.go.swp", "src/.#main.go", "src/#main.go#", "src/.DS_Store",
	} {
		t.Run(name, func(t *testing.T) {
			p.tellsNothing(func() {
				write(t, dir, name, time.Now().String())
				p.must(os.Chtimes(p.path(name), time.Now(), time.Now()))
				p.must(os.Remove(p.path(name)))
			})
		})
	}
	p.tellsNothing(func() { p.must(os.Chmod(p.path("src/x"), 0o600)) })
	p.tells("src/x", func() { write(t, dir, "src/x", "new") })
	p.tellsNothing(func() { p.must(os.Chmod(p.path("src/x"), 0o644)) })
	p.tellsNothing(func() { _, _ = os.ReadFile(p.path("src/x")) })
	p.tells("src/keep.gen", func() { write(t, dir, "src/keep.gen", "") })
}

func TestOtherCheckoutsDoNotCount(t *testing.T) {
	dir := repository(t, "src/x", "", ".claude/worktrees/a/.git", "gitdir: /x", ".claude/worktrees/a/src/x", "",
		"clone/.git/HEAD", "", "clone/src/x", "", "named/.git", "gitdir: /x", "named/src/x", "", "new/x", "")
	p := watching(t, dir, Rule{Paths: []string{"**/x", "**/sentinel", "named/src"}})
	var dirs []string
	p.inspect(func() {
		for d := range p.tree.dirs {
			dirs = append(dirs, d[len(dir):])
		}
	})
	slices.Sort(dirs)
	if want := []string{"", "/.claude", "/.claude/worktrees", "/named", "/named/src", "/new", "/src"}; !slices.Equal(dirs, want) {
		t.Errorf("watched are %q, want %q", dirs, want)
	}
	for _, name := range []string{".claude/worktrees/a/src/x", "clone/src/x", "clone/y/x", "named/x", "named/other/x"} {
		t.Run(name, func(t *testing.T) { p.tellsNothing(func() { write(t, dir, name, "1") }) })
	}
	p.tells("named/src/x", func() { write(t, dir, "named/src/x", "1") })
	p.tells("new/x", func() { write(t, dir, "new/x", "1") })

	t.Run("one that becomes one", func(t *testing.T) {
		p.tellsNothing(func() {
			write(t, dir, "new/.git/HEAD", "")
			write(t, dir, "new/x", "2")
			write(t, dir, "new/sub/x", "2")
		})
	})
	t.Run("one that comes and goes", func(t *testing.T) {
		p.tellsNothing(func() {
			write(t, dir, "later/.git", "gitdir: /x", "later/x", "")
			write(t, dir, "later/sub/x", "")
		})
		p.tellsNothing(func() { p.must(os.RemoveAll(p.path("later"))) })
	})
	p.tells("later/x", func() { write(t, dir, "later/x", "1") })
}

// A project may watch what lies beside it, and then its own checkout is none of those.
func TestAPatternFromAboveTheProject(t *testing.T) {
	dir := realDir(t)
	write(t, dir, "shop/.git/HEAD", "", "shop/src/x", "", "lib/.git/HEAD", "", "lib/x", "", "docs/x", "")
	p := watching(t, filepath.Join(dir, "shop"), Rule{Paths: []string{"../**"}})
	p.tellsNothing(func() { write(t, dir, "lib/x", "1") })
	p.tells("../docs/x", func() { write(t, dir, "docs/x", "1") })
}

func TestIgnoredDirectoriesAreNotEvenWatched(t *testing.T) {
	dir := repository(t, ignoreFile, "node_modules\n", "node_modules/a/b/c", "", "web/node_modules/d/e", "", "web/src/x", "", "docs/deep/er", "")
	p := watching(t, dir, Rule{Paths: []string{"web"}})
	var dirs []string
	p.inspect(func() {
		for d := range p.tree.dirs {
			dirs = append(dirs, d[len(dir):])
		}
	})
	slices.Sort(dirs)
	if !slices.Equal(dirs, []string{"", "/web", "/web/src"}) {
		t.Errorf("watched are %q", dirs)
	}
}

// inspect runs f in the loop.
func (p *probed) inspect(f func()) {
	done := make(chan struct{})
	p.inbox <- func() { f(); close(done) }
	<-done
}

func TestAChangedGitIgnoreHoldsAtOnce(t *testing.T) {
	dir := repository(t, ignoreFile, "gen\n", "src/gen/deep/x", "")
	p := watching(t, dir, Rule{Paths: []string{"src"}})
	p.tellsNothing(func() { write(t, dir, "src/gen/deep/x", "1") })
	write(t, dir, ignoreFile, "")
	eventually(t, "the directory is watched", func() (ok bool) {
		p.inspect(func() { ok = p.tree.dirs[p.path("src/gen/deep")] })
		return ok
	})
	p.tells("src/gen/deep/x", func() { write(t, dir, "src/gen/deep/x", "2") })
	write(t, dir, ignoreFile, "gen\n")
	eventually(t, "it is ignored", func() (ok bool) {
		p.inspect(func() { ok = p.tree.ignored(p.path("src/gen"), true) })
		return ok
	})
	p.tellsNothing(func() { write(t, dir, "src/gen/deep/x", "3") })
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestDirectoriesAreFollowedAsTheyComeAndGo(t *testing.T) {
	dir := realDir(t)
	p := watching(t, dir, Rule{Paths: []string{"src/**/*.go", "lib/deep/er"}})
	p.tells("src/main.go", func() { write(t, dir, "src/main.go", "the directory is new") })
	p.tells("src/a/b/c/d.go", func() { write(t, dir, "src/a/b/c/d.go", "three are") })
	p.tells("src/a/b/c/d.go", func() { write(t, dir, "src/a/b/c/d.go", "again") })
	p.tells("lib/deep/er/x", func() { write(t, dir, "lib/deep/er/x", "") })
	p.rename("src/a/b", "elsewhere")
	p.tells("src/z/c/d.go", func() { p.rename("elsewhere", "src/z") })
	p.tells("src/z/c/d.go", func() { write(t, dir, "src/z/c/d.go", "under its new name") })
	p.tells("src/main.go", func() { p.must(os.RemoveAll(p.path("src"))) })
	p.tells("src/z/c/new.go", func() { write(t, dir, "src/z/c/new.go", "all of it is back") })
	p.tells("src/z/c/new.go", func() { write(t, dir, "src/z/c/new.go", "and watched") })
	p.rename("src", "old")
	write(t, dir, "next/n.go", "")
	p.tells("src/n.go", func() { p.rename("next", "src") })
	p.tells("src/n.go", func() { write(t, dir, "src/n.go", "swapped") })
}

func TestLinksAreFollowed(t *testing.T) {
	dir, outside := realDir(t), realDir(t)
	write(t, outside, "lib/x.go", "", "conf/app.toml", "", "conf/other", "")
	write(t, dir, "src/own/y.go", "")
	for from, to := range map[string]string{
		"src/lib": outside + "/lib", "src/app.toml": "../" + must(filepath.Rel(dir, outside))(t) + "/conf/app.toml",
		"src/loop": "..", "src/own/self": ".", "src/again": "own", "src/nowhere": "nothing",
	} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	p := watching(t, dir, Rule{Paths: []string{"src"}})
	p.tells("src/lib/x.go", func() { write(t, outside, "lib/x.go", "1") })
	p.tells("src/lib/new/x.go", func() { write(t, outside, "lib/new/x.go", "1") })
	p.tells("src/app.toml", func() { write(t, outside, "conf/app.toml", "1") })
	p.tells("src/app.toml", func() {
		write(t, outside, "conf/app.new", "2")
		p.must(os.Rename(outside+"/conf/app.new", outside+"/conf/app.toml"))
	})
	p.tells("src/own/y.go", func() { write(t, dir, "src/own/y.go", "1") })
	p.tellsNothing(func() { write(t, outside, "conf/other", "1") })
	p.tells("src/late.toml", func() { p.must(os.Symlink(outside+"/conf/other", p.path("src/late.toml"))) })
	p.tells("src/late.toml", func() { write(t, outside, "conf/other", "2") })
}

func must(s string, err error) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestPathsOutsideOfTheProject(t *testing.T) {
	top := realDir(t)
	write(t, top, "shop/src/", "", "shared/x.go", "")
	p := watching(t, filepath.Join(top, "shop"), Rule{Paths: []string{"src", "../shared/**/*.go", filepath.Join(top, "abs/*")}})
	p.tells("../shared/x.go", func() { write(t, top, "shared/x.go", "1") })
	p.tells("../shared/x.go", func() {
		p.must(os.RemoveAll(filepath.Join(top, "shared")))
		write(t, top, "shared/x.go", "2")
	})
	p.tells("../abs/y", func() { write(t, top, "abs/y", "") })
}

func TestAProjectThatAnOuterWorkTreeIgnoresIsWatchedAllTheSame(t *testing.T) {
	home := repository(t, ignoreFile, "*\n", "work/shop/src/x", "", "work/shop/"+ignoreFile, "*.log\n")
	p := watching(t, filepath.Join(home, "work/shop"), Rule{Paths: []string{"src"}})
	p.tellsNothing(func() { write(t, p.dir, "src/x.log", "") })
	p.tells("src/x", func() { write(t, p.dir, "src/x", "1") })
}

func TestARootWithMetaCharactersIsTakenAsItIs(t *testing.T) {
	dir := filepath.Join(realDir(t), `we[i]rd {a,b} *`)
	write(t, dir, "src/x", "")
	p := watching(t, dir, Rule{Paths: []string{"src/*"}})
	p.tells("src/x", func() { write(t, dir, "src/x", "1") })
}

func TestSetReplacesTheRules(t *testing.T) {
	dir := realDir(t)
	write(t, dir, "src/a", "", "lib/a", "")
	p := watching(t, dir, Rule{Paths: []string{"src"}})
	p.tells("src/a", func() { write(t, dir, "src/a", "1") })
	p.Set([]Rule{{Name: "web", Paths: []string{"lib"}}}, nil)
	write(t, dir, "src/a", "2", "lib/a", "2")
	if c := p.next(); c.Name != "web" || !slices.Equal(c.Files, []string{"lib/a"}) {
		t.Errorf("told %+v", c)
	}
	p.Set(nil, nil)
	write(t, dir, "lib/a", "3")
	p.Set([]Rule{{Name: "web", Paths: []string{"src"}}}, nil)
	p.tellsNothing(func() {})
}

func TestAPatternThatGitIgnoresIsTold(t *testing.T) {
	dir := repository(t, ignoreFile, "dist/\n", "dist/x", "", "src/x", "")
	p := watching(t, dir, Rule{Paths: []string{"src", "dist/**"}})
	p.tellsNothing(func() { write(t, dir, "dist/x", "1") })
	if want := []string{`api watches "dist/**", which git ignores: nothing there ever restarts it`}; !slices.Equal(p.trouble, want) {
		t.Errorf("told %q", p.trouble)
	}
}

// brokenSource is a system without room for n more directories.
type brokenSource struct {
	source
	room int
}

func (s *brokenSource) Add(dir string) error {
	if s.room--; s.room < 0 {
		return fmt.Errorf("add: %w", syscall.ENOSPC)
	}
	return s.source.Add(dir)
}

func TestRunningOutOfWatchesIsToldInOneLine(t *testing.T) {
	dir := realDir(t)
	write(t, dir, "a/1/2/3", "", "b/1/2/3", "")
	for name, open := range map[string]func() (source, error){
		"max_user_watches": func() (source, error) {
			s, err := openNotifier()
			return &brokenSource{s, 3}, err
		},
		"max_user_instances": func() (source, error) { return nil, os.NewSyscallError("inotify_init1", syscall.EMFILE) },
	} {
		var told []string
		w := newWatcher(Options{Root: dir, Changed: func(Change) {}, Trouble: func(text string) { told = append(told, text) }}, open)
		go w.run()
		w.Set([]Rule{{Name: "api", Paths: []string{"**"}}, {Name: "web", Paths: []string{"b"}}}, nil)
		w.Close()
		if len(told) != 1 || strings.Count(told[0], "\n") != 0 {
			t.Errorf("%s: told %q", name, told)
			continue
		}
		if runsLinux && (!strings.Contains(told[0], "the limit fs.inotify."+name+" (") || !strings.Contains(told[0], "sudo sysctl fs.inotify."+name+"=")) {
			t.Errorf("%s: told %q", name, told[0])
		}
	}
}

func TestAnOverflowCountsForEveryRule(t *testing.T) {
	dir := realDir(t)
	write(t, dir, "src/", "")
	p := watching(t, dir, Rule{Paths: []string{"src"}})
	p.inspect(func() { p.lost(fsnotify.ErrEventOverflow) })
	if c := p.next(); !c.More || len(c.Files) != 0 {
		t.Errorf("told %+v", c)
	}
}

func TestDirectoriesThatCannotBeReadAreTold(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := realDir(t)
	write(t, dir, "src/closed/x", "")
	closed := filepath.Join(dir, "src/closed")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(closed, 0o755) })
	p := watching(t, dir, Rule{Paths: []string{"src"}})
	p.tellsNothing(func() {})
	if len(p.trouble) != 1 || !strings.Contains(p.trouble[0], fs.ErrPermission.Error()) {
		t.Errorf("told %q", p.trouble)
	}
}

func TestCloseEndsWithRulesAndWithout(t *testing.T) {
	w := New(Options{Root: t.TempDir()})
	w.Close()
	w.Close()
	w.Set([]Rule{{Name: "x", Paths: []string{"*"}}}, nil)
	dir := realDir(t)
	p := watching(t, dir, Rule{Paths: []string{"*"}})
	write(t, dir, "x", "")
	p.Close()
}

func TestABurstEndsWithTheQuietOrAfterALongTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b burst
		if !b.due(time.Second).IsZero() {
			t.Error("an empty burst is due")
		}
		start := time.Now()
		b.add("a", start)
		if got := b.due(time.Second).Sub(start); got != time.Second {
			t.Errorf("due after %s", got)
		}
		for range 100 {
			time.Sleep(500 * time.Millisecond)
			b.add("a", time.Now())
		}
		if got := b.due(time.Second).Sub(start); got != longestBurst {
			t.Errorf("due after %s", got)
		}
		if got := b.due(time.Minute).Sub(start); got != time.Minute {
			t.Errorf("with a long debounce, due after %s", got)
		}
		if !slices.Equal(b.files, []string{"a"}) {
			t.Errorf("files are %q", b.files)
		}
	})
}
