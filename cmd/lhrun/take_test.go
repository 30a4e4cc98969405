package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// byHandFile has a service in python and one in node, and a dependent of both.
const byHandFile = `
dotenv = false
[services.api]
command = "exec python3 api.py"
ready = { http = "/" }
[services.js]
command = "exec node js.js"
ready = { http = "/" }
[services.web]
command = "exec sleep 1000"
port = false
depends_on = { api = { restart = true }, js = { restart = true } }
`

const byHandPython = `
import http.server, os
answer = "supervised"
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(answer.encode())
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`

const byHandNode = `
require("http").createServer((_, res) => res.end(process.execArgv.join(" ") || "supervised")).listen(process.env.PORT, "127.0.0.1")
`

func byHand(t *testing.T) (h *home, dir string) {
	need(t, "python3", "node")
	h = newHome(t)
	dir = h.checkout("lhrun.toml", byHandFile, "api.py", byHandPython, "js.js", byHandNode)
	if _, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatal(errs)
	}
	t.Cleanup(func() { h.output(dir, "down") })
	return h, dir
}

// answers waits until the service at url says want.
func answers(t *testing.T, url, want string) {
	t.Helper()
	eventually(t, want+" at "+url, func() bool {
		resp, err := (&http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Get(url)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return strings.Contains(string(body), want)
	})
}

func pidOf(t *testing.T, h *home, dir, service string) (pid int, reason string) {
	t.Helper()
	out, _, _ := h.output(dir, "ps", "--json")
	var snap struct {
		Services []struct {
			Name, Reason string
			PID          int
		}
	}
	unmarshal(t, []byte(out), &snap)
	for _, s := range snap.Services {
		if s.Name == service {
			return s.PID, s.Reason
		}
	}
	return 0, ""
}

func TestADebuggerRunsAServiceByHand(t *testing.T) {
	h, dir := byHand(t)
	url := fmt.Sprintf("http://127.0.0.1:%d/", h.port(dir, "api"))
	web, _ := pidOf(t, h, dir, "web")

	// pdb asks in the terminal, and what is typed there is what the service does.
	cmd := h.command(dir, "take", "api", "--", "python3", "-m", "pdb", "api.py")
	terminal, screen := onTerminal(t, cmd)
	screen.wait(t, "(Pdb)")
	fmt.Fprint(terminal, "n\nn\nanswer = 'debugged'\nc\n")
	if _, errs, code := h.output(dir, "wait", "api", "--timeout", "20s"); code != 0 {
		t.Errorf("%s; the terminal shows\n%s", errs, screen.text())
	}
	answers(t, url, "debugged")
	if pid, reason := pidOf(t, h, dir, "api"); pid != cmd.Process.Pid || reason != fmt.Sprintf("by hand, pid %d", pid) {
		t.Errorf("ps says %d, %q", pid, reason)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	answers(t, url, "supervised")

	js := h.command(dir, "take", "js", "--", "node", "--inspect=0", "js.js")
	if err := js.Start(); err != nil {
		t.Fatal(err)
	}
	url = fmt.Sprintf("http://127.0.0.1:%d/", h.port(dir, "js"))
	answers(t, url, "--inspect=0")
	if _, errs, code := h.output(dir, "wait", "js", "web", "--timeout", "20s"); code != 0 {
		t.Error(errs)
	}
	_ = js.Process.Kill()
	_ = js.Wait()
	answers(t, url, "supervised")
	if now, _ := pidOf(t, h, dir, "web"); now != web {
		t.Errorf("web was restarted: %d, then %d", web, now)
	}
}

func TestAServiceThatIsTakenComesBackWithTheEndOfTheTerminal(t *testing.T) {
	h, dir := byHand(t)
	cmd := h.command(dir, "take", "js")
	terminal, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "js runs by hand", func() bool {
		pid, reason := pidOf(t, h, dir, "js")
		return pid == cmd.Process.Pid && strings.HasPrefix(reason, "by hand")
	})
	_ = terminal.Close()
	_ = cmd.Wait()
	eventually(t, "js is supervised", func() bool {
		pid, reason := pidOf(t, h, dir, "js")
		return pid != 0 && pid != cmd.Process.Pid && reason == ""
	})

	// What an IDE starts, without any variable of lhrun's.
	if _, errs, code := h.output(dir, "take", "js", "--outside"); code != 0 {
		t.Fatal(errs)
	}
	ide := exec.Command("node", "js.js")
	ide.Dir, ide.Env = dir, []string{fmt.Sprintf("PORT=%d", h.port(dir, "js"))}
	if err := ide.Start(); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := h.output(dir, "wait", "js", "--timeout", "20s"); code != 0 {
		t.Error(errs)
	}
	if pid, reason := pidOf(t, h, dir, "js"); pid != 0 || reason != "by hand, outside of lhrun" {
		t.Errorf("ps says %d, %q", pid, reason)
	}
	_ = ide.Process.Kill()
	_ = ide.Wait()
	if _, errs, code := h.output(dir, "start", "js", "--timeout", "20s"); code != 0 {
		t.Error(errs)
	}
	if pid, reason := pidOf(t, h, dir, "js"); pid == 0 || reason != "" {
		t.Errorf("ps says %d, %q", pid, reason)
	}
}
