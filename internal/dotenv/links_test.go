//go:build unix

package dotenv

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOneFileUnderTwoNamesIsRefused(t *testing.T) {
	path := put(t, "X=1\n")
	dir := filepath.Dir(path)
	link := filepath.Join(dir, ".env.local")
	if err := os.Symlink(".env", link); err != nil {
		t.Fatal(err)
	}
	err := Write(dir, mustPlan(t, path, Pair{"A", "1"}), mustPlan(t, link, Pair{"B", "1"}))
	if err == nil || !strings.Contains(err.Error(), "same file") {
		t.Errorf("error %v", err)
	}
	if got := read(t, path); got != "X=1\n" {
		t.Errorf("the file is %q", got)
	}
	onlyThese(t, dir, ".env", ".env.local")
}

func TestALinkIsFollowedOnlyBelowRoot(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	// The root itself may be reached over a link, as /tmp is on macOS.
	via := filepath.Join(t.TempDir(), "via")
	if err := os.Symlink(root, via); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, outside} {
		if err := os.WriteFile(filepath.Join(dir, "real"), []byte("X=1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, link, to string
		why            string
	}{
		{"inside", "in", "real", ""},
		{"outside", "out", filepath.Join(outside, "real"), "outside"},
		{"up and out", "up", "../" + filepath.Base(outside) + "/real", ""},
		{"dangling", "gone", "nowhere", "does not exist"},
		{"out to a new file", "new", filepath.Join(outside, "new"), "does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := filepath.Join(via, c.link)
			if err := os.Symlink(c.to, link); err != nil {
				t.Fatal(err)
			}
			if got := Obstacle(via, link); (got == "") != (c.name == "inside") || !strings.Contains(got, c.why) {
				t.Errorf("the obstacle is %q", got)
			}
			err := Write(via, mustPlan(t, link, Pair{"A", "1"}))
			if c.name == "inside" {
				if err != nil || !strings.Contains(read(t, filepath.Join(root, "real")), "A=1") {
					t.Errorf("not written through the link: %v", err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("error %v", err)
			}
			if info, err := os.Lstat(link); err != nil || info.Mode().Type() != fs.ModeSymlink {
				t.Errorf("the link became %v, %v", info, err)
			}
		})
	}
	if got := read(t, filepath.Join(outside, "real")); got != "X=1\n" {
		t.Errorf("the file outside is %q", got)
	}
	onlyThese(t, outside, "real")
}

func TestALinkedDirectoryMustNotLeadOut(t *testing.T) {
	root, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(root, "web")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, "web", ".env")
	if got := Obstacle(root, path); !strings.Contains(got, "outside") {
		t.Errorf("the obstacle is %q", got)
	}
	if err := Write(root, mustPlan(t, path, Pair{"A", "1"})); err == nil || !strings.Contains(err.Error(), "outside") {
		t.Errorf("error %v", err)
	}
	onlyThese(t, outside)
}

func TestRelativePathsMeanTheSame(t *testing.T) {
	path := put(t, "X=1\n")
	t.Chdir(filepath.Dir(path))
	if err := Write(".", mustPlan(t, ".env", Pair{"A", "1"})); err != nil {
		t.Error(err)
	}
	if err := os.Symlink(put(t, ""), "out"); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Dir(path), mustPlan(t, "out", Pair{"A", "1"})); err == nil {
		t.Error("a link out of the root was followed")
	}
}

// Who names ../web/.env means it; who has a link there may not know.
func TestAFileNamedElsewhereIsWrittenWhereItIsNamed(t *testing.T) {
	dir := t.TempDir()
	root, beside := filepath.Join(dir, "root"), filepath.Join(dir, "beside")
	for _, d := range []string{root, beside} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(root, mustPlan(t, filepath.Join(beside, ".env"), Pair{"A", "1"})); err != nil {
		t.Error(err)
	}
	link := filepath.Join(beside, "link")
	if err := os.Symlink(put(t, ""), link); err != nil {
		t.Fatal(err)
	}
	if err := Write(root, mustPlan(t, link, Pair{"A", "1"})); err == nil {
		t.Error("a link there was followed")
	}
}

func TestWhatIsNoObstacle(t *testing.T) {
	path := put(t, "X=1\n")
	dir := filepath.Dir(path)
	for name, want := range map[string]string{".env": "", "new": "", "nowhere/new": "", ".": "is no regular file"} {
		if got := Obstacle(dir, filepath.Join(dir, name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Obstacle(dir, pipe); got != "is no regular file" {
		t.Errorf("a pipe: %q", got)
	}
}
