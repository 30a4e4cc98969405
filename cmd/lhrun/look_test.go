package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// What runs at another port than its own, because a stranger has that, is found
// there by every verb that tells or uses ports.
func TestPortsOfARunThatMovedAsideAreToldByEveryVerb(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "exec $LHRUN serve ."
env = { SELF = "{{url}}" }
`)
	home := h.port(dir, "api")
	stranger, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", home))
	if err != nil {
		t.Skip(err)
	}
	defer stranger.Close()
	r := h.up(dir)
	r.wait("all ready")
	var snap struct{ Services []struct{ Port int } }
	out, _, _ := h.output(dir, "ps", "--json")
	if err := json.Unmarshal([]byte(out), &snap); err != nil {
		t.Fatal(err)
	}
	port := snap.Services[0].Port
	if port == home {
		t.Fatalf("it runs at %d, where a stranger is", port)
	}
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"port", "api"}, fmt.Sprint(port)},
		{[]string{"url", "api"}, url},
		{[]string{"exec", "--", "sh", "-c", "echo $API_PORT"}, fmt.Sprint(port)},
		{[]string{"exec", "api", "--", "sh", "-c", "echo $PORT $SELF"}, fmt.Sprint(port, " ", url)},
		{[]string{"run", "--", "sh", "-c", "echo $API_PORT"}, fmt.Sprint(port)},
	} {
		if out, errs, _ := h.output(dir, tt.args...); strings.TrimSpace(out) != tt.want {
			t.Errorf("%q: %q %s, want %q", tt.args, out, errs, tt.want)
		}
	}
	if out, _, _ := h.output(dir, "env", "api"); !strings.Contains(out, fmt.Sprintf("\nPORT=%d\n", port)) {
		t.Errorf("env api:\n%s", out)
	}
	r.stop()
}

// wait returns with the state that it waits for: a fifth of what a careful loop of
// sleeps and ps would take is what this machine must manage even under load.
func TestWaitReturnsWithTheState(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "cat fifo; exec sleep 1000"
port = false
ready = { log = "go" }
`)
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	const rounds = 9
	r := h.up(dir)
	var late []time.Duration
	for range rounds {
		wait := h.command(dir, "wait", "api", "--timeout", "1m")
		gate, err := os.OpenFile(fifo, os.O_WRONLY, 0) // Opens once the service reads.
		if err != nil {
			t.Fatal(err)
		}
		if err := wait.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // It follows by now, mostly.
		fmt.Fprintln(gate, "go")
		gate.Close()
		if err := wait.Wait(); err != nil {
			t.Fatal(err)
		}
		returned := time.Now()
		late = append(late, returned.Sub(readyAt(t, h, dir)))
		h.output(dir, "stop", "api")
		go h.output(dir, "start", "api")
	}
	slices.Sort(late)
	t.Logf("wait returned after the state by p50 %v, max %v", late[rounds/2], late[rounds-1])
	if late[rounds/2] > 400*time.Millisecond {
		t.Errorf("wait returned %v after the state", late)
	}
	if gate, err := os.OpenFile(fifo, os.O_WRONLY, 0); err == nil {
		gate.Close()
	}
	r.stop()
}

func readyAt(t *testing.T, h *home, dir string) time.Time {
	t.Helper()
	var snap struct {
		Services []struct {
			ReadyAt time.Time `json:"ready_at"`
		}
	}
	out, errs, _ := h.output(dir, "ps", "--json")
	if err := json.Unmarshal([]byte(out), &snap); err != nil {
		t.Fatal(err, errs)
	}
	return snap.Services[0].ReadyAt
}

func TestPsWatchRestoresTheTerminalAndLeavesTheLastTable(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", calm)
	r := h.up(dir)
	r.wait("all ready")
	cmd := h.command(dir, "ps", "-w")
	cmd.Env = append(cmd.Env, "TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	screen := &screenReader{}
	go screen.read(terminal)
	screen.wait(t, "\x1b[?1049h")
	screen.wait(t, "SERVICE")
	if _, _, code := h.output(dir, "stop", "api"); code != 0 {
		t.Fatal("stop api:", code)
	}
	screen.wait(t, "stopped")
	fmt.Fprint(terminal, "\x03")
	_ = cmd.Wait()
	if code := codeOf(cmd.ProcessState); code != 130 {
		t.Errorf("exit code %d after Ctrl-C, want 130", code)
	}
	eventually(t, "the last table on the first screen", func() bool {
		_, rest, left := strings.Cut(screen.text(), "\x1b[?25h\x1b[?1049l")
		return left && strings.Contains(rest, "SERVICE") && strings.Contains(rest, "stopped")
	})
	r.stop()
}
