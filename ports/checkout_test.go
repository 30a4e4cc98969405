package ports

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFirstCheckoutOfAProjectIsMain(t *testing.T) {
	r, dir := newRegistry(t), t.TempDir()
	first, second := subdir(t, dir, "shop"), subdir(t, dir, "Shop Two!")
	if c := checkout(t, r, "shop", first); c.Instance != "main" || c.Project != "shop" || c.Dir != first {
		t.Errorf("the first is %+v", c)
	}
	c := checkout(t, r, "shop", second)
	if !regexp.MustCompile(`^shop-two-[0-9a-f]{4}$`).MatchString(c.Instance) {
		t.Errorf("the second is %+v", c)
	}
	if again := checkout(t, newRegistry(t, r.store.dir), "shop", second); again != c {
		t.Errorf("the second was %+v, is %+v", c, again)
	}
	if c := checkout(t, r, "blog", second); c.Instance != "main" {
		t.Errorf("the first of another project is %+v", c)
	}
}

func TestMainPassesOnWhenItsDirectoryVanished(t *testing.T) {
	r, dir := newRegistry(t), t.TempDir()
	first, second, third := subdir(t, dir, "a"), subdir(t, dir, "b"), subdir(t, dir, "c")
	checkout(t, r, "shop", first)
	before := checkout(t, r, "shop", second)
	if err := os.Remove(first); err != nil {
		t.Fatal(err)
	}
	if c := checkout(t, r, "shop", second); c != before {
		t.Errorf("an instance that exists was renamed: %+v", c)
	}
	if c := checkout(t, r, "shop", third); c.Instance != "main" {
		t.Errorf("main was not passed on: %+v", c)
	}
}

func TestMovedMainCheckoutKeepsItsPorts(t *testing.T) {
	r, dir := newRegistry(t), t.TempDir()
	before := leaseOnce(t, r, checkout(t, r, "shop", subdir(t, dir, "old")), services("api", "web")...)
	if err := os.Rename(filepath.Join(dir, "old"), filepath.Join(dir, "new")); err != nil {
		t.Fatal(err)
	}
	after := leaseOnce(t, r, checkout(t, r, "shop", filepath.Join(dir, "new")), services("api", "web")...)
	for key, port := range before {
		if after[key] != port {
			t.Errorf("%s moved from %d to %d", key, port, after[key])
		}
	}
}

func TestCheckoutIsTheSameThroughSymlinksAndRelativePaths(t *testing.T) {
	r, dir := newRegistry(t), t.TempDir()
	real := subdir(t, dir, "real")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(real, link); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	want := checkout(t, r, "shop", real)
	t.Chdir(link)
	for _, d := range []string{link, ".", filepath.Join(real, "..", "link")} {
		if c := checkout(t, r, "shop", d); c != want {
			t.Errorf("%s is %+v, want %+v", d, c, want)
		}
	}
}

func TestCheckoutNeedsADirectory(t *testing.T) {
	r := newRegistry(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "x"), filepath.Join(t.TempDir(), "none")} {
		if c, err := r.Checkout("shop", dir); err == nil {
			t.Errorf("%s is %+v", dir, c)
		}
	}
	if _, err := r.Checkout("", t.TempDir()); err == nil {
		t.Error("a project without a name was found")
	}
}

func TestInstanceNameGrowsOnAClash(t *testing.T) {
	used := map[string]bool{}
	first := instanceName("/src/shop", used)
	used[first] = true
	second := instanceName("/src/shop", used)
	if len(second) != len(first)+1 || !strings.HasPrefix(second, first) {
		t.Errorf("%q, then %q", first, second)
	}
}

func TestSlug(t *testing.T) {
	for in, want := range map[string]string{
		"shop": "shop", "Feature_X": "feature-x", "--a..b--": "a-b", "日本": "checkout", "": "checkout",
		"main": "main", "a very long name of a directory": "a-very-long-name-of-a-di",
	} {
		if got := slug(in); got != want {
			t.Errorf("slug(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWhatIsAWorktree(t *testing.T) {
	dir := t.TempDir()
	write := func(text string, path ...string) string {
		t.Helper()
		file := filepath.Join(append([]string{dir}, path...)...)
		subdir(t, filepath.Dir(file))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(file)
	}
	write("../..\n", "repo/.git/worktrees/wt/commondir")
	write("ref: refs/heads/main\n", "repo/.git/modules/worktrees/lib/HEAD")
	for _, c := range []struct {
		name string
		dir  string
		want bool
	}{
		{"no git", subdir(t, dir, "plain"), false},
		{"repository", subdir(t, dir, "repo", "web"), false},
		{"worktree", write("gitdir: "+dir+"/repo/.git/worktrees/wt\n", "wt/.git"), true},
		{"below a worktree", subdir(t, dir, "wt", "a", "b"), true},
		{"relative worktree", write("gitdir: ../repo/.git/worktrees/wt\n", "rel/.git"), true},
		{"repository out of reach", write("gitdir: /nowhere/.git/worktrees/wt\r\n", "far/.git"), true},
		{"submodule", write("gitdir: ../.git/modules/lib\n", "repo/lib/.git"), false},
		{"submodule called worktrees/lib", write("gitdir: ../.git/modules/worktrees/lib\n", "repo/lib2/.git"), false},
		{"worktree in its repository", write("gitdir: ../.git/worktrees/wt\n", "repo/.trees-wt/.git"), true},
		{"git directory elsewhere", write("gitdir: /srv/git/shop.git\n", "else/.git"), false},
		{"nonsense", write("hello\n", "bad/.git"), false},
	} {
		if got := linkedWorktree(c.dir); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// git runs git on a repository whatever the user's own settings are.
func runGit(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

func TestWorktreeIsNeverMainAndNeverSharesAPort(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed:", err)
	}
	dir := t.TempDir()
	repo, tree := filepath.Join(dir, "shop"), filepath.Join(dir, "feature-x")
	runGit(t, "init", "-q", repo)
	runGit(t, "-C", repo, "commit", "-q", "--allow-empty", "-m", "x")
	runGit(t, "-C", repo, "worktree", "add", "-q", "-b", "x", tree)
	subdir(t, tree, "backend")

	r := newRegistry(t)
	worktree := checkout(t, r, "shop", tree) // asks first, and still is not main
	if !strings.HasPrefix(worktree.Instance, "feature-x-") {
		t.Errorf("the worktree is %q", worktree.Instance)
	}
	if c := checkout(t, r, "shop", filepath.Join(tree, "backend")); !strings.HasPrefix(c.Instance, "backend-") {
		t.Errorf("a directory in the worktree is %q", c.Instance)
	}
	repository := checkout(t, r, "shop", repo)
	if repository.Instance != "main" {
		t.Errorf("the repository is %q", repository.Instance)
	}
	names := services(strings.Fields("a b c d e f g h i j k l m n o p q r s t")...)
	idle := leaseOnce(t, r, worktree, names...)
	taken := map[int]bool{}
	for _, port := range idle {
		taken[port] = true
	}
	for key, port := range leaseOnce(t, r, repository, names...) {
		if taken[port] {
			t.Errorf("both have %d for %s", port, key)
		}
	}
}

func TestMainThatBecameAWorktreeGivesTheClaimBack(t *testing.T) {
	r, dir := newRegistry(t), t.TempDir()
	shop, other := subdir(t, dir, "shop"), subdir(t, dir, "other")
	checkout(t, r, "shop", shop)
	checkout(t, r, "blog", shop)
	if err := os.WriteFile(filepath.Join(shop, ".git"), []byte("gitdir: /repo/.git/worktrees/shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := checkout(t, r, "shop", shop)
	if c.Instance == "main" || checkout(t, r, "shop", shop) != c {
		t.Errorf("the worktree is %+v", c)
	}
	if c := checkout(t, r, "shop", other); c.Instance != "main" {
		t.Errorf("the next one is %+v", c)
	}
}

// What dir may have been is what is registered there under another name, and what has
// vanished, unless the project itself runs in dir.
func TestOthersOfADirectory(t *testing.T) {
	running := map[Checkout]bool{}
	r, err := Open(Options{StateDir: t.TempDir(), Range: testRange, Run: func(c Checkout) (string, bool) { return "", running[c] }})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	here, there, old := subdir(t, dir, "here"), subdir(t, dir, "there"), subdir(t, dir, "old")
	want := []Checkout{checkout(t, r, "early", here)}
	checkout(t, r, "other", there)
	own := checkout(t, r, "shop", here)
	want = append(want, checkout(t, r, "moved", old))
	checkout(t, r, "shop", old)
	if err := os.Remove(old); err != nil {
		t.Fatal(err)
	}
	if got, err := r.Others("shop", here); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	running[own] = true
	if got, err := r.Others("shop", here); err != nil || got != nil {
		t.Errorf("of one that runs: %v %v", got, err)
	}
}
