//go:build unix

package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrivateDirIsForTheUserAlone(t *testing.T) {
	base := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"a/b/missing": 0, "open": 0o755, "private": 0o700, "no writing": 0o500} {
		dir := filepath.Join(base, name)
		if mode != 0 {
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := PrivateDir(dir); err != nil {
			t.Error(err)
		}
		want := fs.ModeDir | 0o700
		if mode == 0o500 {
			want = fs.ModeDir | mode // Who forbids writing there means it.
		}
		hasMode(t, dir, want)
	}
	hasMode(t, filepath.Join(base, "a"), fs.ModeDir|0o700)
}

func TestPrivateDirRefusesWhatIsNone(t *testing.T) {
	target := t.TempDir()
	if err := os.Chmod(target, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, make := range impostors(t, target) {
		if name == "a directory" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(shortDir(t), "dir")
			if err := make(dir); err != nil {
				t.Skipf("cannot make %s: %v", name, err)
			}
			want := "is not a directory: remove it"
			if strings.Contains(name, "link") {
				want = "is a symbolic link, which is not followed: remove it"
			}
			if err := PrivateDir(dir); err == nil || err.Error() != dir+" "+want {
				t.Errorf("got %v", err)
			}
		})
	}
	hasMode(t, target, fs.ModeDir|0o755)
}

func TestPrivateDirTakesLinksAboveIt(t *testing.T) {
	target, base := t.TempDir(), t.TempDir()
	if err := os.Symlink(target, filepath.Join(base, "link")); err != nil {
		t.Skip(err)
	}
	if err := PrivateDir(filepath.Join(base, "link", "dir")); err != nil {
		t.Error(err)
	}
	hasMode(t, filepath.Join(target, "dir"), fs.ModeDir|0o700)
}

func TestCheckDirTellsWhatIsMissing(t *testing.T) {
	if _, err := CheckDir(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestAnothersDirectoryIsTold(t *testing.T) {
	info, err := os.Stat("/")
	if err != nil {
		t.Fatal(err)
	}
	err = CheckOwner("/", info)
	if root := os.Geteuid() == 0; root != (err == nil) {
		t.Errorf("as user %d: %v", os.Geteuid(), err)
	}
	if os.Geteuid() != 0 {
		return
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, 65534); err != nil {
		t.Skip(err)
	}
	if info, err = os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	if err := CheckOwner(dir, info); err == nil || !strings.Contains(err.Error(), "belongs to user 65534, not to you (user 0)") {
		t.Errorf("got %v", err)
	}
}
