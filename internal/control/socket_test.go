package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/files"
)

func TestTheSocketIsThisUsersAlone(t *testing.T) {
	dir := filepath.Join(shortDir(t), "run")
	if err := os.Mkdir(dir, 0o755); err != nil { // as another program may have made it
		t.Fatal(err)
	}
	s, err := Listen(filepath.Join(dir, "test.sock"), &fake{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for path, want := range map[string]os.FileMode{dir: os.ModeDir | 0o700, s.sockets[0].path: os.ModeSocket | 0o600} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s is %v, want %v", path, info.Mode(), want)
		}
	}
}

func TestWhatIsInTheSocketsPlaceIsNotFollowed(t *testing.T) {
	base := shortDir(t)
	elsewhere := filepath.Join(base, "elsewhere")
	if err := os.Mkdir(elsewhere, 0o700); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(elsewhere, "target.sock")
	s, err := Listen(target, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, c := range map[string]struct {
		put  func(dir, path string) error
		says string
	}{
		"link to a socket":    {func(_, path string) error { return os.Symlink(target, path) }, "is a symbolic link, which is not followed"},
		"link to nothing":     {func(_, path string) error { return os.Symlink("/nowhere", path) }, "is a symbolic link, which is not followed"},
		"file":                {func(_, path string) error { return os.WriteFile(path, []byte("precious"), 0o600) }, "is not a socket"},
		"directory":           {func(_, path string) error { return os.Mkdir(path, 0o700) }, "is not a socket"},
		"link to a directory": {func(dir, _ string) error { _ = os.Remove(dir); return os.Symlink(elsewhere, dir) }, "run is a symbolic link, which is not followed"},
		"file as directory":   {func(dir, _ string) error { _ = os.Remove(dir); return os.WriteFile(dir, nil, 0o600) }, "run is not a directory"},
	} {
		dir := filepath.Join(base, strings.ReplaceAll(name, " ", ""), "run")
		path := filepath.Join(dir, "test.sock")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := c.put(dir, path); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(path)
		if s, err := Listen(path, &fake{}); err == nil {
			t.Errorf("%s: it listens", name)
			_ = s.Close()
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Dial(ctxOf(t), path); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the client says %v", name, err)
		}
		if after, _ := os.Lstat(path); before != nil && (after == nil || !os.SameFile(before, after)) {
			t.Errorf("%s: it was replaced", name)
		}
	}
	dialed(t, target)
}

func TestAStaleSocketHeals(t *testing.T) {
	path := filepath.Join(shortDir(t), "test.sock")
	stale(t, path)
	s, err := Listen(path, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	dialed(t, path)
	if _, err := Listen(path, &fake{}); err == nil || !strings.Contains(err.Error(), "another lhrun listens on "+path) {
		t.Errorf("one that is served was taken: %v", err)
	}
	dialed(t, path)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestClosingLeavesAnothersSocketAlone(t *testing.T) {
	path := filepath.Join(shortDir(t), "test.sock")
	s, err := Listen(path, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil { // somebody tidies up
		t.Fatal(err)
	}
	next, err := Listen(path, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	dialed(t, path)
}

func TestTheSocketsPlace(t *testing.T) {
	state := shortDir(t)
	place := func(project string) string {
		t.Helper()
		path, err := SocketPath(project, "main")
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Setenv("XDG_STATE_HOME", state)
	runtime := shortDir(t)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	first := place("shop")
	if dir, name := filepath.Split(first); dir != runtime+"/lhrun/" || !strings.HasPrefix(name, "shop.main.") {
		t.Error(first)
	}
	if place("shop") != first || place("shop2") == first {
		t.Error("the place depends on something else")
	}
	t.Setenv("XDG_STATE_HOME", state+"2")
	if place("shop") == first {
		t.Error("projects of two state directories meet at one socket")
	}
	others := shortDir(t)
	for _, unfit := range []string{"", "relative", "/nowhere", "/dev/null", others} {
		if unfit == others && os.Lchown(others, stranger, stranger) != nil {
			continue // Only root can give it away.
		}
		t.Setenv("XDG_RUNTIME_DIR", unfit)
		if dir := filepath.Dir(place("shop")); dir != state+"2/lhrun" {
			t.Errorf("with %q it is in %s", unfit, dir)
		}
	}
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	long := place(strings.Repeat("long", 30))
	if len(long) > maxSocketPath || long == place(strings.Repeat("long", 31)) {
		t.Error(long)
	}
}

func TestADeepStateDirectoryWorks(t *testing.T) {
	dir := filepath.Join(shortDir(t), strings.Repeat("deep/", 30), "lhrun")
	path := filepath.Join(dir, "0123456789abcdef.sock")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, release, err := shorten(path); err != nil {
		if !strings.Contains(err.Error(), "set XDG_RUNTIME_DIR to a shorter directory") {
			t.Error(err)
		}
		t.Skip("this system has no way around the bound:", err)
	} else {
		release()
	}
	s, err := Listen(path, &fake{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(path, &fake{}); err == nil {
		t.Error("two listen")
	}
	dialed(t, path)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(dir + "/*"); left != nil {
		t.Error("left:", left)
	}
}

func TestAConnectionKnowsItsUser(t *testing.T) {
	path := filepath.Join(shortDir(t), "test.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn := rawConn(t, path)
	if pid, err := checkPeer(conn); err != nil || pid != 0 && pid != os.Getpid() {
		t.Errorf("pid %d, %v", pid, err)
	}
}

// TestARunIsFoundFromAnotherEnvironment: cron and ssh know no XDG_RUNTIME_DIR, or one
// that the shell that has started the project did not know.
func TestARunIsFoundFromAnotherEnvironment(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", shortDir(t))
	for _, c := range []struct{ server, client string }{
		{"", ""}, {"", shortDir(t)}, {fmt.Sprintf("/run/user/%d", os.Geteuid()), ""},
	} {
		if info, err := os.Stat(c.server); c.server != "" && (err != nil || files.CheckOwner(c.server, info) != nil) {
			t.Logf("there is no %s here", c.server)
			continue
		}
		t.Setenv("XDG_RUNTIME_DIR", c.server)
		path, err := SocketPath("shop", "main")
		if err != nil {
			t.Fatal(err)
		}
		s, err := Listen(path, &fake{})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("XDG_RUNTIME_DIR", c.client)
		if _, err := Find(ctxOf(t), "shop", "main"); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if _, err := Find(ctxOf(t), "shop", "other"); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%+v: %v", c, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAnUntrustedPlaceIsToldWhereItIsTheOwn(t *testing.T) {
	runtime, state := shortDir(t), shortDir(t)
	t.Setenv("XDG_STATE_HOME", state)
	t.Setenv("XDG_RUNTIME_DIR", runtime)
	if err := os.Symlink("/nowhere", filepath.Join(runtime, "lhrun")); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(ctxOf(t), "shop", "main"); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Error(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", "")
	if _, err := Find(ctxOf(t), "shop", "main"); !errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
}
