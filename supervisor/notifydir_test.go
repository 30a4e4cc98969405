package supervisor

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/probe"
)

// runtimeAt has the runtime directory be a short one of the test's own.
func runtimeAt(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lhrt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	return dir
}

func listenAt(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func choose(t *testing.T, d *notifyDir) string {
	t.Helper()
	path, err := d.path()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNotifySocketsAreBesideTheControlSocket(t *testing.T) {
	dir := runtimeAt(t)
	var d, other notifyDir
	one := choose(t, &d)
	if filepath.Dir(one) != filepath.Join(dir, "lhrun", "notify") {
		t.Errorf("it is %s", one)
	}
	if info, err := os.Stat(filepath.Dir(one)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its directory: %v, %v", info, err)
	}
	listenAt(t, one)
	if two, elsewhere := choose(t, &d), choose(t, &other); two == one || elsewhere == one {
		t.Errorf("%s is given away again", one)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	listenAt(t, choose(t, &d))
}

func TestTheNextRunRemovesNotifySocketsOfTheDead(t *testing.T) {
	dir := filepath.Join(runtimeAt(t), "lhrun", "notify")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	dead, live := filepath.Join(dir, "1.1"), filepath.Join(dir, "1.2")
	left := listenAt(t, dead)
	left.Close()
	listenAt(t, live)
	var d notifyDir
	choose(t, &d)
	if _, err := os.Lstat(dead); err == nil {
		t.Error("the dead run's is there")
	}
	if _, err := os.Lstat(live); err != nil {
		t.Error("the live run's is not there:", err)
	}
}

func TestNotifySocketsHaveRoomInALongDirectory(t *testing.T) {
	dir := runtimeAt(t)
	long := filepath.Join(dir, strings.Repeat("x", probe.MaxSocketPath))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", long)
	t.Setenv("XDG_STATE_HOME", long)
	var d notifyDir
	path := choose(t, &d)
	listenAt(t, path)
	if len(path) > probe.MaxSocketPath {
		t.Errorf("it is %s", path)
	}
	d.close()
	if strings.HasPrefix(path, os.TempDir()) {
		if _, err := os.Lstat(d.temp); d.temp != "" && err == nil {
			t.Error("the temporary directory is left")
		}
	}
}
