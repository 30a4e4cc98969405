package config

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestAWorktreeWithoutTheDotenvOfTheMainCheckout(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is needed:", err)
	}
	const file = "[services.api]\ncommand='x'\n"
	dir := tree(t, map[string]string{"main/" + FileName: file, "main/sub/" + FileName: file, "main/.env": "SECRET=1\n", "main/sub/.env": "# >>> lhrun >>>\nA=1\n# <<< lhrun <<<\n"})
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", filepath.Join(dir, "main"), "-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	git("add", FileName, "sub/"+FileName)
	git("commit", "-qm", "x")
	git("worktree", "add", "-q", "../tree")
	notices := func(at string) []string {
		t.Helper()
		p, err := Load(Options{Dir: filepath.Join(dir, at)})
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Resolve(numbered(p))
		if err != nil {
			t.Fatal(err)
		}
		return r.Notices
	}
	want := []string{"tree/.env: this worktree has no variables in it, unlike " + filepath.Join(dir, "main/.env") + " of the main checkout: copy or link it"}
	for _, text := range []string{"", "# >>> lhrun >>>\nAPI_PORT=1\n# <<< lhrun <<<\n"} {
		if text != "" {
			write(t, filepath.Join(dir, "tree/.env"), text)
		}
		if got := notices("tree"); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for _, at := range []string{"main", "main/sub", "tree/sub"} {
		if got := notices(at); len(got) > 0 {
			t.Errorf("%s: %q", at, got)
		}
	}
	write(t, filepath.Join(dir, "main/sub/.env"), "A=1\n")
	if got := notices("tree/sub"); len(got) != 1 {
		t.Errorf("below the root: %q", got)
	}
	write(t, filepath.Join(dir, "tree/.env"), "MINE=1\n")
	if got := notices("tree"); len(got) > 0 {
		t.Errorf("with one of its own: %q", got)
	}
}
