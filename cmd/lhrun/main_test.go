package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lhrun/lhrun/internal/systems"
	"github.com/lhrun/lhrun/internal/testmount"
)

func TestMain(m *testing.M) {
	if systems.Lacking { // Leases are seen in one state directory, and each test has its own.
		_ = flag.Set("test.parallel", "1")
	}
	testscript.Main(m, map[string]func(){
		"lhrun":      main,
		"httpget":    httpget,
		"slowstop":   slowstop,
		"talk":       talk,
		"becomeroot": becomeroot,
		"keepclock":  keepclock,
		"readonly":   func() { testmount.Exec(os.Args[1], os.Args[2:]) },
	})
}

// TestScripts drives the real program: output, errors and exit codes.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               ownDirectories,
		Condition:           condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			"await": await,
		},
	})
}

// condition is what a machine may lack, [ipv6], or a user: [root].
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "ipv6":
		return hasIPv6(), nil
	case "counts": // connections
		return runtime.GOOS == "linux" && !systems.Lacking, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

func hasIPv6() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		_ = l.Close()
	}
	return err == nil
}

// ownDirectories keeps a script from the state of the machine and of the others.
func ownDirectories(env *testscript.Env) error {
	for _, name := range []string{"HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"} {
		dir := filepath.Join(env.WorkDir, ".own", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		env.Setenv(name, dir)
	}
	// Not every system has room for the path of a socket below the others.
	short, err := os.MkdirTemp("", "lh")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(short) })
	env.Setenv("XDG_RUNTIME_DIR", short)
	env.Defer(func() { endRuns(env.Getenv("XDG_STATE_HOME")) })
	// A program with the race detector sleeps for a second when it ends.
	env.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" atexit_sleep_ms=0"))
	return nil
}

// exits runs a command that has to end with a code: exits 2 lhrun nonsense.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// await waits until a file that a background command writes matches:
// await FILE REGEXP.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP")
	}
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var text []byte
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		if pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("no match for %q in %s:\n%s", args[1], args[0], text)
}
