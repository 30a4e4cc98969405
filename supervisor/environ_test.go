package supervisor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWhatWasSaidToThisProgramAlone: a service of a lhrun that is a service of
// systemd must not beat that one's watchdog, or say that it is ready.
func TestWhatWasSaidToThisProgramAlone(t *testing.T) {
	outer := []string{
		"A=1", "NOTIFY_SOCKET=/run/systemd/notify", "WATCHDOG_USEC=30000000", "WATCHDOG_PID=1",
		"LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=x", "LISTEN_PIDFDID=7",
	}
	a := &attempt{base: newEnvironment(outer)}
	if got := a.environ(); !slices.Equal(got, []string{"A=1"}) {
		t.Errorf("got %q", got)
	}
	a.svc.Env = []string{"NOTIFY_SOCKET=mine"}
	if got := a.environ("WATCHDOG_USEC=5"); !slices.Equal(got, []string{"A=1", "NOTIFY_SOCKET=mine", "WATCHDOG_USEC=5"}) {
		t.Errorf("with its own: %q", got)
	}
}

// TestPWDIsTheDirectoryOfTheService: also without a shell, which would correct it.
func TestPWDIsTheDirectoryOfTheService(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(dir, "link")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "sub"), linked); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	sub := filepath.Join(dir, "sub")
	for _, test := range []struct{ dir, outer, own, want string }{
		{sub, "", "", sub},
		{sub, dir, "", sub},
		{sub, "/nowhere", "", sub},
		{sub, "sub", "", sub},
		{sub, dir, dir, sub},
		{sub, linked, "", linked},
		{sub, dir, linked, linked},
		{linked, dir, "", sub},
		{linked, linked, "", linked},
		{"sub", dir, "", sub},
		{"", dir, "", dir},
		{"", "", "", ""},
	} {
		a := &attempt{svc: Service{Dir: test.dir}, base: newEnvironment(pwd(test.outer))}
		a.svc.Env = pwd(test.own)
		env := a.environ()
		if got := strings.Join(env, " "); got != strings.Join(pwd(test.want), " ") {
			t.Errorf("%+v: got %q", test, got)
		}
	}
}

func pwd(dir string) []string {
	if dir == "" {
		return nil
	}
	return []string{"PWD=" + dir}
}
