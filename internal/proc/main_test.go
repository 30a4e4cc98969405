//go:build linux || darwin || freebsd

package proc

import (
	"bufio"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lhrun/lhrun/internal/systems"
)

// roleKey tells the test binary what to be; what follows a space are arguments.
const roleKey = "PROC_TEST_ROLE"

// patience is how long tests wait for what should take milliseconds.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	if role := strings.Fields(os.Getenv(roleKey)); len(role) > 0 {
		play(role[0], role[1:])
		os.Exit(0)
	}
	if err := BecomeSubreaper(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// child is a started test binary in some role, and what it says.
type child struct {
	*Process
	t     *testing.T
	lines chan string
}

func newTable(t *testing.T) *Table {
	t.Helper()
	table := NewTable()
	t.Cleanup(table.Close)
	return table
}

func roleSpec(role string) Spec {
	return Spec{Argv: []string{os.Args[0]}, Env: roleEnv(role)}
}

func roleEnv(role string) []string {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return strings.HasPrefix(pair, roleKey+"=") || strings.HasPrefix(pair, markKey) || strings.HasPrefix(pair, "GORACE=")
	})
	// The race detector lets a program wait for a second before it exits.
	return append(env, "GORACE=atexit_sleep_ms=0", roleKey+"="+role)
}

func start(t *testing.T, table *Table, role string) *child {
	t.Helper()
	return startSpec(t, table, roleSpec(role))
}

func startSpec(t *testing.T, table *Table, s Spec) *child {
	t.Helper()
	p, err := table.Start(s)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Process: p, t: t, lines: make(chan string, 1000)}
	if p.Output() == nil {
		return c
	}
	go func() {
		defer close(c.lines)
		scanner := bufio.NewScanner(p.Output())
		for scanner.Scan() {
			c.lines <- strings.TrimRight(scanner.Text(), "\r")
		}
	}()
	t.Cleanup(func() {
		p.End(syscall.SIGKILL, 0, nil)
		p.Output().Close()
		for range c.lines {
		}
	})
	return c
}

// line returns what follows prefix in the next line that begins with it.
func (c *child) line(prefix string) string {
	c.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				c.t.Fatalf("the output ended before %q", prefix)
			}
			if rest, ok := strings.CutPrefix(line, prefix); ok {
				return strings.TrimSpace(rest)
			}
		case <-limit:
			c.t.Fatalf("no line %q", prefix)
		}
	}
}

// id returns the process that the next line "prefix PID" names.
func (c *child) id(prefix string) ID {
	c.t.Helper()
	pid, err := strconv.Atoi(c.line(prefix))
	if err != nil {
		c.t.Fatal(err)
	}
	s, ok := readStat(pid)
	if !ok {
		c.t.Fatalf("%s %d is not there", prefix, pid)
	}
	return s.ID
}

func (c *child) waitDone() {
	c.t.Helper()
	select {
	case <-c.Done():
	case <-time.After(patience):
		c.t.Fatal("the leader's exit was not seen")
	}
}

// eventually waits for what the kernel does in its own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// needs skips a test whose child, in this role, escapes from lhrun here.
func needs(t *testing.T, role string) {
	t.Helper()
	switch {
	case strings.Contains(role, "unmarked"):
		systems.Need(t, systems.Escapes)
	case strings.Contains(role, "chain"):
		systems.Need(t, systems.Chains)
	}
}

// endAfter kills what a test has left where that may be.
func endAfter(t *testing.T, all *[]ID) {
	t.Cleanup(func() {
		for _, id := range *all {
			signalExact(id, syscall.SIGKILL)
		}
	})
}

// play is what a test's child does.
func play(role string, args []string) {
	switch role {
	case "code":
		code, _ := strconv.Atoi(args[0])
		os.Exit(code)
	case "sleep":
		say("ready", os.Getpid())
		forever()
	case "ignore-term":
		signal.Ignore(syscall.SIGTERM)
		say("ready", os.Getpid())
		forever()
	case "slow-term":
		playSlowTerm()
	case "grandchild": // one that has a child of the role in args
		launch(strings.Join(args, " "), nil)
		forever()
	case "holder": // one that leaves its output to a grandchild
		launch("sleep", nil)
		say("leaving", os.Getpid())
	case "setsid":
		launch("sleep", &syscall.SysProcAttr{Setsid: true})
		forever()
	case "group": // its child has a process group of its own
		launch("say-term", &syscall.SysProcAttr{Setpgid: true})
		playSayTerm()
	case "say-term":
		playSayTerm()
	case "daemon": // double-forked, in a session of its own
		launch("fork-and-leave "+strings.Join(args, " "), &syscall.SysProcAttr{Setsid: true})
		forever()
	case "daemon-and-leave":
		launch("fork-and-leave "+strings.Join(args, " "), &syscall.SysProcAttr{Setsid: true})
	case "fork-and-leave":
		playForkAndLeave(args)
	case "stopped":
		say("ready", os.Getpid())
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		forever()
	case "flood":
		say("ready", os.Getpid())
		for {
			os.Stdout.WriteString(strings.Repeat("x", 1000) + "\n")
		}
	case "chain": // each generation starts the next in a new session, and goes
		if len(args) > 0 {
			say("ready", os.Getpid())
		}
		relaunch("chain", &syscall.SysProcAttr{Setsid: true})
	case "orphans": // leaves dead children in new sessions to whoever adopts them
		for range 5 {
			launch("daemon-and-leave quick", nil)
		}
		say("ready", os.Getpid())
		forever()
	default:
		playMore(role, args)
	}
}

func say(word string, n int) { os.Stdout.WriteString(word + " " + strconv.Itoa(n) + "\n") }

func forever() { time.Sleep(time.Hour) }

// launch starts the test binary in a role, with this program's output.
func launch(role string, sys *syscall.SysProcAttr) int {
	return launchEnv(append(os.Environ(), roleKey+"="+role), sys, os.Stdout)
}

func relaunch(role string, sys *syscall.SysProcAttr) int {
	env := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, roleKey+"=") })
	return launchEnv(append(env, roleKey+"="+role), sys, os.Stdout)
}

func launchEnv(env []string, sys *syscall.SysProcAttr, out *os.File) int {
	null, _ := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if out == nil {
		out = null
	}
	own := map[string]int{}
	var last []string // the last value of a key wins, as os/exec has it
	for _, pair := range env {
		key, _, _ := strings.Cut(pair, "=")
		if i, ok := own[key]; ok {
			last[i] = pair
			continue
		}
		own[key] = len(last)
		last = append(last, pair)
	}
	pid, err := syscall.ForkExec(os.Args[0], os.Args[:1], &syscall.ProcAttr{
		Env: last, Files: []uintptr{null.Fd(), out.Fd(), out.Fd()}, Sys: sys,
	})
	if err != nil {
		fmt.Println("cannot launch:", err)
		os.Exit(1)
	}
	return pid
}

// playForkAndLeave is the middle of a double fork. Its child keeps the mark and
// the output, or not.
func playForkAndLeave(args []string) {
	switch args[0] {
	case "marked":
		relaunch("sleep", nil)
	case "unmarked": // an empty environment, but the same output
		launchEnv([]string{roleKey + "=sleep"}, nil, os.Stdout)
	case "silent": // the mark, but no output
		say("ready", launchEnv(append(os.Environ(), roleKey+"=sleep"), nil, nil))
	case "dark": // neither
		say("ready", launchEnv([]string{roleKey + "=sleep"}, &syscall.SysProcAttr{Setsid: true}, nil))
	case "quick": // gone before anybody can look
		launchEnv([]string{roleKey + "=code 0"}, &syscall.SysProcAttr{Setsid: true}, nil)
	}
}

func playSayTerm() {
	got := make(chan os.Signal, 10)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGUSR1)
	say("ready", os.Getpid())
	for sig := range got {
		fmt.Printf("%v %d\n", sig, os.Getpid())
		if sig == syscall.SIGTERM {
			os.Exit(0)
		}
	}
}

// playSlowTerm ends 200 ms after it is asked to.
func playSlowTerm() {
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGTERM)
	say("ready", os.Getpid())
	<-got
	time.Sleep(200 * time.Millisecond)
	os.Exit(9)
}
