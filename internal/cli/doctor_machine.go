package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/files"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/trust"
	"github.com/lhrun/lhrun/internal/words"
)

// machine checks what is the same for every project.
func (d doctor) machine() {
	d.ok("version", "%s", readBuild())
	d.kernel()
	state, err := files.StateDir()
	if err != nil {
		d.fail("state", "set HOME or XDG_STATE_HOME", "%v", err)
		return
	}
	if d.directory("state", state, "XDG_STATE_HOME") {
		d.disk("disk", state)
	}
	d.gone()
	d.runtimeDir()
	d.limits()
	d.loopback()
	d.names()
	d.trust()
	d.runs()
}

// runtimeDir checks where the sockets are.
func (d doctor) runtimeDir() {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" && !filepath.IsAbs(dir) {
		d.warn("runtime", "set it to an absolute path", "XDG_RUNTIME_DIR is %q, which is not used", dir)
	}
	if path, err := control.SocketPath("doctor", "main"); err == nil {
		d.directory("runtime", filepath.Dir(path), "XDG_RUNTIME_DIR")
	}
}

// directory checks that dir, or where it would be made, is this user's alone and
// can be written, and reports whether it can.
func (d doctor) directory(check, dir, variable string) bool {
	instead := fmt.Sprintf("set %s to a directory of your own", variable)
	at := dir
	info, err := os.Lstat(at)
	for os.IsNotExist(err) && at != filepath.Dir(at) {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	switch {
	case err != nil:
		d.fail(check, instead, "cannot use %s: %v", dir, err)
	case !info.IsDir():
		d.fail(check, "remove it, or "+instead, "%s is not a directory", at)
	case !writable(at):
		d.fail(check, instead, "cannot write in %s", at)
	case at != dir:
		d.ok(check, "%s will be made", dir)
		return true
	case !ownedByMe(info):
		d.fail(check, instead, "%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		d.warn(check, "chmod 700 "+words.ShellQuote(dir), "others can look into %s (mode %04o)", dir, info.Mode().Perm())
		return true
	default:
		d.ok(check, "%s", dir)
		return true
	}
	return false
}

// loopback checks both families and the name localhost.
func (d doctor) loopback() {
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err == nil {
			_ = l.Close()
			continue
		}
		if host == "127.0.0.1" {
			d.fail("loopback", "bring the interface lo up", "cannot listen on %s: %v", host, err)
		} else {
			d.warn("loopback", "nothing has to be done, unless a service needs IPv6", "no IPv6: cannot listen on %s", host)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, "localhost")
	switch {
	case err != nil:
		d.warn("loopback", "add a line \"127.0.0.1 localhost\" to /etc/hosts", "the name localhost is not known: %v", err)
	case !slices.Contains(addrs, "127.0.0.1"):
		d.warn("loopback", "add a line \"127.0.0.1 localhost\" to /etc/hosts",
			"localhost is %s, where services on 127.0.0.1 are not found", strings.Join(addrs, ", "))
	default:
		d.ok("loopback", "127.0.0.1, ::1 and localhost")
	}
}

// names says which resolvers of this machine know the names of origins. Browsers and curl
// know them without one.
func (d doctor) names() {
	const name = "doctor.localhost"
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	asked := make(chan error, 1)
	go func() { asked <- exec.CommandContext(ctx, "getent", "hosts", name).Run() }()
	_, inGo := (&net.Resolver{PreferGo: true}).LookupHost(ctx, name)
	inLibc := <-asked
	if errors.Is(inLibc, exec.ErrNotFound) { // Where there is no getent, Go asks the libc.
		_, inLibc = net.DefaultResolver.LookupHost(ctx, name)
	}
	know := func(err error) string {
		if err == nil {
			return "knows"
		}
		return "does not know"
	}
	text := fmt.Sprintf("browsers and curl know names below .localhost, the libc %s them, Go's own resolver %s them", know(inLibc), know(inGo))
	hint := ""
	if inLibc != nil {
		hint = "programs other than browsers use the url with 127.0.0.1, or install libnss-myhostname"
	}
	d.add("names", healthOK, hint, "%s", text)
}

// trust repeats what "lhrun trust --check" says, where there is a CA. Nobody has to have
// one.
func (d doctor) trust() {
	dir, err := trust.Dir()
	if err != nil {
		return // It is the state directory's, which is told.
	}
	a, err := trust.Check(context.Background(), dir, func(v trust.Verdict) {
		switch {
		case v.In:
			d.ok("trust", "%s (%s): %s", v.Store, v.Path, v.Text)
		case !v.Optional:
			d.warn("trust", v.Hint, "%s (%s): %s", v.Store, v.Path, v.Text)
		}
	})
	switch browsers := trust.Browsers(); {
	case err == nil:
		d.ok("trust", "%s is good until %s", a.Name(), a.Root().NotAfter.Format(time.DateOnly))
	case !errors.Is(err, fs.ErrNotExist):
		d.warn("trust", "lhrun trust", "%v", err)
	case browsers != nil:
		d.ok("trust", "there is no CA, so origins are http; \"lhrun trust\" makes one for %s", words.Few(browsers))
	}
}

// runs finds what runs on this machine and what killed runs have left.
func (d doctor) runs() {
	live, left := 0, 0
	for _, r := range run.List() {
		if r.Alive {
			live++
			if r.Gone {
				d.warn("runs", "lhrun down --all ends it, and every other run of yours",
					"%s (%s), pid %d, runs in %s, which is gone", r.Checkout.Project, r.Checkout.Instance, r.PID, r.Checkout.Dir)
			}
			continue
		}
		for _, l := range r.Leftovers() {
			left++
			d.warn("runs", "the next verb in that project ends it, as lhrun down",
				"pid %d (%s) was left by a run of %s (%s) that was killed", l.PID, l.Command, r.Checkout.Project, r.Checkout.Instance)
		}
	}
	if left == 0 {
		d.ok("runs", "%s on this machine, nothing is left of others", words.Plural(live, "run"))
	}
}

// gone names what is kept of checkouts whose directories are gone.
func (d doctor) gone() {
	for _, g := range run.ListGone() {
		d.warn("state", "rm -r '"+g.State+"'", "%s are kept of %s, which is gone", words.Bytes(g.Bytes), g.Dir)
	}
}
