package watch

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository is a work tree with the given files: names and contents in turn.
func repository(t testing.TB, files ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := realDir(t)
	t.Setenv("HOME", realDir(t))
	t.Setenv("XDG_CONFIG_HOME", "")
	runGit(t, dir, "", "init", "-q")
	write(t, dir, files...)
	return dir
}

func realDir(t testing.TB) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if strings.HasSuffix(files[i], "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func runGit(t testing.TB, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("git %v: %v\n%s", args, err, &errs)
	}
	return out.String()
}

// agrees compares with git itself what is ignored of everything in dir.
func agrees(t testing.TB, dir string) {
	t.Helper()
	g := ignoresOf(dir, dir)
	ours := map[string]bool{}
	var names strings.Builder
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if d.Name() == ".git" {
			return filepath.SkipDir
		}
		if path != dir && err == nil {
			rel := path[len(dir)+1:]
			names.WriteString(rel + "\x00")
			ours[rel] = g.ignored(path, d.IsDir())
		}
		return nil
	})
	theirs := map[string]bool{}
	for _, name := range strings.Split(runGit(t, dir, names.String(), "check-ignore", "-z", "--stdin", "--no-index"), "\x00") {
		theirs[name] = true
	}
	for name, ignored := range ours {
		if ignored != theirs[name] {
			lists, _ := os.ReadFile(filepath.Join(dir, ignoreFile))
			nested, _ := os.ReadFile(filepath.Join(dir, "a", ignoreFile))
			t.Errorf("%q: ignored %v, git says %v, with %q and a/%q", name, ignored, theirs[name], lists, nested)
		}
	}
}

var someFiles = []string{
	"a/b/c/d.go", "", "a/b/x.log", "", "a/b.log", "", "a.log", "", "b/a/b", "", "b/c", "", "c", "", "foo", "", "a/foo/bar", "",
	"foo.d/x", "", "build/out.o", "", "src/build/out.o", "", "src/build.go", "", "node_modules/x/index.js", "",
	"a/node_modules/y/z/index.js", "", "#x", "", "!x", "", "x y", "", "x ", "", "[a]", "", "é", "", "a/é", "", "ab", "", "a-b", "", "-", "", "]", "",
	"deep/1/2/3/4/keep.txt", "", "deep/1/drop.txt", "", ".env", "", ".env.local", "", "*", "", "a/*", "", "\\", "", "a\\b", "", "back/", "",
}

func TestGitIgnoreAgreesWithGit(t *testing.T) {
	for _, lists := range [][2]string{
		{"*.log\n!a/b.log\n", "!x.log\n"},
		{"/foo\nbuild/\n", "foo/\n"},
		{"node_modules\n", ""},
		{"a/**/d.go\n**/build\nb/**\n!b/c\n", ""},
		{"**/x\n/**\n!/a\n!/a/**\n", "*\n!b\n"},
		{"\\#x\n\\!x\nx\\ \nx y  \n", "# foo\n\n  \n"},
		{"[[]a]\n[!a]b\n[a-c]-[[:alpha:]]\n[]-]\n", "[^b]*\n"},
		{"?\n??\n", "*\n!*/\n"},
		{"deep/**/keep.txt\n!deep/1/2\ndeep/*/drop.txt\n", "b/\n!b/c/\n"},
		{"\\*\na\\\\b\n\\\\\n\\", "\\*\n"},
		{"*\r\n!*.log\r\n!*/\r\n", "\ufeff/b\r\n"},
		{"a/b/\n/a/foo\n", ""},
		{"***\n", ""}, {"a/**b\n", ""}, {"a/***/d.go\n", ""}, {"[a", ""}, {"[", ""}, {"/", ""}, {"//\n/", ""}, {"a//b\n", ""}, {"!", ""},
		{".env*\n!.env\n", ""}, {"[[:nonsense:]]*\n", ""}, {"[z-a]\n[a-]\n[\\]]\n[a\\-z]b\n", ""}, {"a/\n", "!foo\n"},
		{"**\n!**/\n!*.go\n", ""}, {"/**/b\n", ""}, {"b/**/b\n", "**/**/d.go\n"}, {"foo/ \nx\\  \n", ""}, {"\tfoo\nfoo\t\n", ""},
	} {
		dir := repository(t, someFiles...)
		write(t, dir, ignoreFile, lists[0], "a/"+ignoreFile, lists[1])
		agrees(t, dir)
	}
}

func TestGitIgnoreAgreesWithGitOnRandomLists(t *testing.T) {
	dir := repository(t, someFiles...)
	random := rand.New(rand.NewPCG(23, 42))
	pieces := []string{"*", "**", "/", "a", "b", "c", "foo", ".log", "!", "?", "[a-c]", "[!a]", "\\", " ", "build", "d.go", "x", "#", "[", "]", "-", "é", "node_modules"}
	// What git makes of x**/ depends on where its memory lies.
	accidental := regexp.MustCompile(`[^/*]\*\*+(/|$)`)
	line := func() string {
		for {
			var b strings.Builder
			for range 1 + random.IntN(5) {
				b.WriteString(pieces[random.IntN(len(pieces))])
			}
			if s := b.String(); !accidental.MatchString(s) {
				return s
			}
		}
	}
	for range 25 {
		var lists [2]string
		for i := range lists {
			for range random.IntN(4) {
				lists[i] += line() + "\n"
			}
		}
		write(t, dir, ignoreFile, lists[0], "a/"+ignoreFile, lists[1])
		agrees(t, dir)
		if t.Failed() {
			return
		}
	}
}

func TestGitIgnoreTakesTheListsOfTheRepositoryAndTheUser(t *testing.T) {
	dir := repository(t, someFiles...)
	write(t, dir, ".git/info/exclude", "foo\n*.log\n")
	write(t, os.Getenv("HOME"), ".config/git/ignore", "build\n!foo\n!a.log\n")
	agrees(t, dir)
	write(t, os.Getenv("HOME"), "mine", "node_modules\n")
	runGit(t, dir, "", "config", "core.excludesFile", "~/mine")
	agrees(t, dir)
	runGit(t, dir, "", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", "first")
	other := filepath.Join(realDir(t), "other")
	runGit(t, dir, "", "worktree", "add", "-q", other)
	write(t, other, someFiles...)
	agrees(t, other)
}

func TestGitIgnoreWorksWithoutARepository(t *testing.T) {
	dir := realDir(t)
	write(t, dir, ignoreFile, "*.log\nout/\n", "a.log", "", "out/x", "", "src/x", "")
	g := ignoresOf(dir, dir)
	for name, want := range map[string]bool{"a.log": true, "out/x": true, "src/x": false, ".git/index": true} {
		if got := g.ignored(filepath.Join(dir, name), false); got != want {
			t.Errorf("%s: ignored %v", name, got)
		}
	}
}

func FuzzGitIgnore(f *testing.F) {
	for _, s := range []string{"*.log\n!a\n", "[a-z]/**/b\\ \n", "\ufeff#\r\n[[:alpha:]", "a/**/\\", "[!]-]?"} {
		f.Add([]byte(s), "a/b/c.log")
	}
	f.Fuzz(func(t *testing.T, list []byte, path string) {
		rules := parseIgnore(list)
		judge(rules, path, true)
		if ignored, decided := judge(append(rules, parseIgnore([]byte("!*\n"))...), path, false); path != "" && !strings.Contains(path, "/") && (ignored || !decided) {
			t.Errorf("the last line did not decide over %q", path)
		}
	})
}
