package ports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// roleVar makes the test binary a child: it says which kind.
const roleVar = "PORTS_TEST_ROLE"

// uidVar makes a child another user before it does anything.
const uidVar = "PORTS_TEST_UID"

func TestMain(m *testing.M) {
	role := os.Getenv(roleVar)
	if role == "" {
		goleak.VerifyTestMain(m)
		return
	}
	in := bufio.NewScanner(os.Stdin)
	if err := play(role, in); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready")
	for in.Scan() { // until the test closes the pipe
	}
}

func play(role string, in *bufio.Scanner) error {
	if uid, err := strconv.Atoi(os.Getenv(uidVar)); err == nil {
		if err := becomeUser(uid); err != nil {
			return err
		}
	}
	switch role {
	case "run":
		return runRole(in)
	case "timed":
		return timedRole(in)
	case "listen":
		return listenRole(in)
	case "parent":
		return parentRole(in)
	case "ask":
		return askRole(in)
	case "hold":
		return holdRole(in)
	case "procview":
		return procviewRole()
	}
	return fmt.Errorf("no role %q", role)
}

// procviewRole tells whether /proc can be used, and which process listens on a port of
// this one.
func procviewRole() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	who, err := Who(l.Addr().(*net.TCPAddr).Port)
	if err != nil {
		return err
	}
	for _, h := range who {
		fmt.Println("names", h.PID)
	}
	return CheckProc()
}

// order is what a child of role "run" is to do.
type order struct {
	StateDir, Project, Dir string
	Range                  Range
	Flock                  bool
	Requests               []Request
}

// runRole is a run of lhrun: it leases and tells what it got.
func runRole(in *bufio.Scanner) error {
	in.Scan()
	var o order
	if err := json.Unmarshal(in.Bytes(), &o); err != nil {
		return err
	}
	leases, err := o.lease()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(leases.all)
}

// timedRole is a run that tells how many nanoseconds it took to lease.
func timedRole(in *bufio.Scanner) error {
	fmt.Println("waiting")
	in.Scan()
	var o order
	if err := json.Unmarshal(in.Bytes(), &o); err != nil {
		return err
	}
	began := time.Now()
	_, err := o.lease()
	fmt.Println(int64(time.Since(began)))
	return err
}

func (o order) lease() (*Leases, error) {
	r, err := Open(Options{StateDir: o.StateDir, Range: o.Range})
	if err != nil {
		return nil, err
	}
	if o.Flock {
		if r.locks, err = fileLocks(filepath.Join(o.StateDir, "leases")); err != nil {
			return nil, err
		}
	}
	c, err := r.Checkout(o.Project, o.Dir)
	if err != nil {
		return nil, err
	}
	return r.Lease(c, o.Requests)
}

// listenRole listens on each address that comes in, until a line "." ends them.
func listenRole(in *bufio.Scanner) error {
	for in.Scan() && in.Text() != "." {
		l, err := listenOn(in.Text())
		if err != nil {
			return err
		}
		go func() { // keeps l from being collected
			for {
				if _, err := l.Accept(); err != nil {
					return
				}
			}
		}()
		fmt.Println(l.Addr())
	}
	return nil
}

// listenOn takes 0.0.0.0 at its word; Go makes it [::] otherwise.
func listenOn(addr string) (net.Listener, error) {
	if strings.HasPrefix(addr, "[") {
		return net.Listen("tcp6", addr)
	}
	return net.Listen("tcp4", addr)
}

// parentRole lets a child of its own listen, in a session of its own.
func parentRole(in *bufio.Scanner) error {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVar+"=listen")
	cmd.SysProcAttr = newSession()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}
	fmt.Println(cmd.Process.Pid)
	for in.Scan() {
		fmt.Fprintln(stdin, in.Text())
		if in.Text() == "." {
			break
		}
	}
	return nil
}

// child is the test binary in a role.
type child struct {
	t     testing.TB
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func spawn(t testing.TB, role string, env ...string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), roleVar+"="+role), env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t, cmd, in, bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	return c
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) say(line string) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.in, line); err != nil {
		c.t.Fatal(err)
	}
}

func (c *child) hear() string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("the child ended: %v", c.lines.Err())
	}
	if strings.HasPrefix(c.lines.Text(), "error ") {
		c.t.Fatal(c.lines.Text())
	}
	return c.lines.Text()
}

// kill is SIGKILL; it returns when the process is gone.
func (c *child) kill() {
	c.in.Close()
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// listen makes c listen on addr and returns what it is bound to.
func (c *child) listen(addr string) string {
	c.t.Helper()
	c.say(addr)
	return c.hear()
}

// squat is a stranger that listens on addr.
func squat(t *testing.T, addr string, env ...string) *child {
	t.Helper()
	c := spawn(t, "listen", env...)
	c.listen(addr)
	return c
}

// nextPort is random at first, so that two runs of these tests seldom meet.
var nextPort = func() *atomic.Int32 {
	var n atomic.Int32
	n.Store(rand.Int32N(8000))
	return &n
}()

// freePort is one that neither the tests' ranges nor the kernel give out, and
// another one each time.
func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		if port := 11000 + int(nextPort.Add(1))%8000; bound(port) == nil {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// testRange is one that other packages' tests leave alone.
var testRange = Range{30000, 32000}

// newRegistry uses a state directory of its own, or dir.
func newRegistry(t *testing.T, dir ...string) *Registry {
	t.Helper()
	r, err := Open(Options{StateDir: append(dir, t.TempDir())[0], Range: testRange})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func checkout(t *testing.T, r *Registry, project, dir string) Checkout {
	t.Helper()
	c, err := r.Checkout(project, dir)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func lease(t *testing.T, r *Registry, c Checkout, q ...Request) *Leases {
	t.Helper()
	l, err := r.Lease(c, q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// leaseOnce returns the ports of a run that has ended.
func leaseOnce(t *testing.T, r *Registry, c Checkout, q ...Request) map[string]int {
	t.Helper()
	l := lease(t, r, c, q...)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return byKey(l.All())
}

func byKey(leases []Lease) map[string]int {
	m := map[string]int{}
	for _, l := range leases {
		m[l.Service+"/"+l.Name] = l.Port
	}
	return m
}

func services(names ...string) (q []Request) {
	for _, name := range names {
		q = append(q, Request{Service: name})
	}
	return q
}

// subdir makes a directory with a name that says something.
func subdir(t *testing.T, parts ...string) string {
	t.Helper()
	dir := filepath.Join(parts...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
