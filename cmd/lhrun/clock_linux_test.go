package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lead is by how much the wall clock is ahead of the time since the machine's start.
func lead() time.Duration {
	var wall, boot unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_REALTIME, &wall)
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot)
	return time.Duration(wall.Nano() - boot.Nano())
}

// shift sets the wall clock forward by d, or back.
func shift(d time.Duration) error {
	sec := d / time.Second
	if d < sec*time.Second {
		sec-- // The nanoseconds only count forward.
	}
	t := unix.Timex{Modes: unix.ADJ_SETOFFSET | unix.ADJ_NANO}
	t.Time.Sec, t.Time.Usec = int64(sec), int64(d-sec*time.Second)
	_, err := unix.Adjtimex(&t)
	return err
}

// keepclock is a program of the test below: it waits for the end of its input, and
// then puts the wall clock right, whatever became of the test.
func keepclock() {
	right, _ := strconv.ParseInt(os.Args[1], 10, 64)
	_, _ = io.Copy(io.Discard, os.Stdin)
	for range 3 {
		if off := time.Duration(right) - lead(); off.Abs() > time.Millisecond {
			_ = shift(off)
		}
	}
}

// wallClock jumps, and is right again at the end of the test.
type wallClock struct {
	t     *testing.T
	right time.Duration
	off   time.Duration
	since time.Time
	spent time.Duration
}

func newWallClock(t *testing.T) *wallClock {
	if os.Getenv("LHRUN_CLOCK") == "" {
		t.Skip("it sets the machine's clock, for some ten seconds: LHRUN_CLOCK=1 has it done")
	}
	if err := shift(0); err != nil {
		t.Skipf("the clock cannot be set here: %v", err)
	}
	c := &wallClock{t: t, right: lead()}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, hold, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	keeper := &exec.Cmd{Path: self, Args: []string{"keepclock", fmt.Sprint(int64(c.right))}, Stdin: in,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true}}
	if err := keeper.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	t.Cleanup(func() {
		_ = hold.Close()
		_ = keeper.Wait()
		if off := lead() - c.right; off.Abs() > 20*time.Millisecond {
			t.Errorf("the clock is off by %v", off)
		}
	})
	return c
}

// jump makes the clock go wrong by off in all.
func (c *wallClock) jump(off time.Duration) {
	if c.off != 0 {
		c.spent += time.Since(c.since)
	}
	if err := shift(off - c.off); err != nil {
		c.t.Fatal(err)
	}
	c.off, c.since = off, time.Now()
}

const clocked = `
dotenv = false
[services.web]
command = '"$LHRUN" serve'
ready = { http = "/" }
health = { http = "/", interval = "200ms", timeout = "5s", retries = 2 }
[services.redis]
command = "exec redis-server --port $PORT --bind $HOST --save '' --appendonly no"
ready = { exec = "redis-cli -h $HOST -p $PORT ping" }
health = { tcp = true, interval = "200ms", timeout = "5s", retries = 2 }
[services.beating]
command = "exec python3 beat.py"
port = false
ready = { notify = true }
health = { notify = true, interval = "15s", retries = 1 }
[services.slow]
command = "until test -e awake; do sleep 0.1; done; echo now it is; exec sleep 1000"
port = false
ready = { log = "now it is", timeout = "5m" }
[services.crashing]
command = "exit 1"
port = false
restart = { policy = "always", backoff = "1s", max_backoff = "1s", max_restarts = 1000 }
[services.ticking]
command = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done"
port = false
[services.watching]
command = "echo watched; exec sleep 1000"
port = false
watch = ["src"]
[services.tardy]
command = "trap 'sleep 3; echo ended in order; exit' TERM; echo armed; while :; do sleep 0.1; done"
port = false
ready = { log = "armed" }
stop = { timeout = "16s" }
`

const beats = `
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
path = os.environ["NOTIFY_SOCKET"]
path = "\0" + path[1:] if path[0] == "@" else path
s.sendto(b"READY=1", path)
while True:
    s.sendto(b"WATCHDOG=1", path)
    time.sleep(0.1)
`

// The wall clock jumps ten minutes ahead, an hour back, and is right again: no timeout
// passes by that, no age is negative, and every verb works.
func TestAJumpOfTheWallClockIsNobodysFault(t *testing.T) {
	clock := newWallClock(t)
	need(t, "redis-server", "redis-cli", "python3")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", clocked, "beat.py", beats, "index.html", "hello", "src/main.c", "1")
	other := h.checkout("lhrun.toml", "name = \"other\"\ndotenv = false\n[services.api]\ncommand = '\"$LHRUN\" serve'\n")
	r := h.up(dir, "--timeout", "5m")
	for _, name := range []string{"web", "redis", "beating", "ticking", "watching", "tardy"} {
		r.wait(`\| ` + name + " is ready")
	}
	follower := h.start(h.command(dir, "logs", "-f", "ticking"))
	follower.wait("tick")
	j := &jumped{t: t, h: h, dir: dir, follower: follower, before: h.verbJSON(dir, "ps")}

	restart := h.start(h.command(dir, "restart", "tardy")) // It goes on for 3 s.
	eventually(t, "tardy is stopping", func() bool { return j.state("tardy") == "stopping" })
	clock.jump(10 * time.Minute)
	j.check("ten minutes ahead")
	r.wait("ended in order")
	if code := restart.code(); code != 0 {
		t.Errorf("restart: exit code %d:\n%s", code, restart.text())
	}
	h.write(dir, "src/main.c", "2")
	r.wait("watching restarts: src/main.c changed")
	h.verb(other, "up", "-d", "--timeout", "5m")

	clock.jump(-time.Hour)
	j.check("an hour behind")
	h.verb(dir, "restart", "web")
	j.before = h.verbJSON(dir, "ps")
	h.write(dir, "lhrun.toml", strings.Replace(clocked, "exec sleep 1000\"\nport = false\nwatch", "exec sleep 999\"\nport = false\nwatch", 1))
	expect(t, "reload", h.verb(dir, "reload"), "restart watching")
	expect(t, "down of the other", h.verb(other, "down"), "stopped 1 service")

	clock.jump(0)
	j.check("right again")
	h.write(dir, "awake", "")
	r.wait("slow is ready")
	r.stop()
	for _, fault := range []string{"unhealthy", "not ready within", "failed", "survives", "killed", "killing"} {
		if strings.Contains(r.text(), fault) {
			t.Errorf("%q:\n%s", fault, r.text())
		}
	}
	noneLeft(t, dir)
	noneLeft(t, other)
	t.Logf("%v off the true time", clock.spent)
}

// jumped looks at a project whose clock has jumped.
type jumped struct {
	t        *testing.T
	h        *home
	dir      string
	follower *run
	before   snapshot
}

func (j *jumped) check(when string) {
	j.t.Helper()
	crashes := j.restarts("crashing")
	time.Sleep(1500 * time.Millisecond) // several health probes, and a restart after its pause
	now := j.h.verbJSON(j.dir, "ps")
	for i, s := range now.Services {
		was := j.before.Services[i]
		switch s.Name {
		case "web", "redis", "beating", "ticking":
			if s.State != "ready" || s.PID != was.PID || s.Restarts != was.Restarts || s.Port != was.Port {
				j.t.Errorf("%s: %s is %+v, was %+v", when, s.Name, s, was)
			}
		case "slow":
			if s.State != "starting" {
				j.t.Errorf("%s: slow is %s", when, s.State)
			}
		}
	}
	if n := j.restarts("crashing") - crashes; n < 1 || n > 20 {
		j.t.Errorf("%s: %d restarts after a second's pause each", when, n)
	}
	if out := j.h.verb(j.dir, "ps"); regexp.MustCompile(`\s-\d`).MatchString(out) {
		j.t.Errorf("%s: a negative age:\n%s", when, out)
	}
	last := strings.Fields(j.h.verb(j.dir, "logs", "-n", "1", "ticking"))
	j.follower.wait("tick " + last[len(last)-1] + "$")
	if out := j.h.verb(j.dir, "logs", "--since", "1s", "ticking"); !strings.Contains(out, "tick "+last[len(last)-1]+"\n") {
		j.t.Errorf("%s: the last second lacks tick %s:\n%s", when, last[len(last)-1], out)
	}
	if out := j.h.verb(j.dir, "ports", "--json"); !strings.Contains(strings.ReplaceAll(out, " ", ""), `"service":"web","name":"","live":true`) {
		j.t.Errorf("%s: the lease of web is not held:\n%s", when, out)
	}
	if out := j.h.verb(j.dir, "up", "-d", "web"); !strings.Contains(out, "runs already") {
		j.t.Errorf("%s: up -d: %s", when, out)
	}
}

func (j *jumped) state(name string) string {
	for _, s := range j.h.verbJSON(j.dir, "ps").Services {
		if s.Name == name {
			return s.State
		}
	}
	return ""
}

func (j *jumped) restarts(name string) int {
	for _, s := range j.h.verbJSON(j.dir, "ps").Services {
		if s.Name == name {
			return s.Restarts
		}
	}
	return -1
}
