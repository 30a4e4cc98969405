package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

const frontFile = `
name = "shop"
dotenv = false
[front]
wait = "60s"
[services.web]
command = "exec $LHRUN serve ."
[services.slow]
command = "sleep 0.3; exec $LHRUN serve ."
`

// relays are the processes that serve the front of h's runs.
func relays(h *home) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range all {
		line, _ := os.ReadFile(path)
		env, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		if strings.Contains(string(line), "\x00relay\x00") && strings.Contains(string(env), h.dir) {
			var pid int
			fmt.Sscanf(filepath.Base(filepath.Dir(path)), "%d", &pid)
			pids = append(pids, pid)
		}
	}
	return pids
}

// through sends a GET of / by the front to the service with that origin.
func through(origin string) (status int, body string, err error) {
	address := strings.TrimPrefix(origin, "http://")
	_, port, _ := net.SplitHostPort(address)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
	}}
	response, err := (&http.Client{Transport: transport, Timeout: 90 * time.Second}).Get(origin + "/hello.txt")
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// front is a running project with a front, and the origins of its services.
func front(t *testing.T, file string) (h *home, dir string, r *run, origins map[string]string) {
	t.Helper()
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("processes are found by /proc")
	}
	h = newHome(t)
	dir = h.checkout("lhrun.toml", file, "hello.txt", "hello")
	r = h.up(dir)
	r.wait("all ready")
	out, errs, code := h.output(dir, "ps", "--json")
	var facts struct {
		Services []struct{ Name, Origin string }
	}
	if err := json.Unmarshal([]byte(out), &facts); code != 0 || err != nil {
		t.Fatal(code, errs, err)
	}
	origins = map[string]string{}
	for _, s := range facts.Services {
		origins[s.Name] = s.Origin
	}
	return h, dir, r, origins
}

func TestTheFrontBeginsWithTheFirstConnectionAndEndsWithTheRun(t *testing.T) {
	h, dir, r, origins := front(t, frontFile)
	if n := len(relays(h)); n != 0 {
		t.Errorf("%d processes serve what nobody has asked for", n)
	}
	if got := strings.TrimSpace(h.ok(dir, "url", "--origin", "web")); got != origins["web"] || !strings.HasPrefix(got, "http://web.shop.localhost:2") {
		t.Errorf("url says %q, ps %q", got, origins["web"])
	}
	if !strings.Contains(r.text(), origins["web"]) {
		t.Errorf("up does not tell %s:\n%s", origins["web"], r.text())
	}
	if status, body, err := through(origins["web"]); status != 200 || body != "hello" {
		t.Fatal(status, body, err)
	}
	if n := len(relays(h)); n != 1 {
		t.Errorf("%d processes serve the front", n)
	}
	r.stop()
	if left := relays(h); len(left) > 0 {
		t.Errorf("%v outlive the run", left)
	}
	if _, _, err := through(origins["web"]); err == nil {
		t.Error("somebody still answers")
	}
}

func TestAFrontThatIsKilledIsBackAndRefusesNobody(t *testing.T) {
	h, _, r, origins := front(t, frontFile)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var answered, cut atomic.Int64
	for range 2 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				switch status, _, err := through(origins["web"]); {
				case err == nil && status == 200:
					answered.Add(1)
				case err != nil && strings.Contains(err.Error(), "refused"):
					t.Error(err)
				default: // What the killed one had in hand is cut.
					cut.Add(1)
				}
			}
		})
	}
	for range 10 {
		before := answered.Load()
		eventually(t, "answers", func() bool { return answered.Load() > before })
		for _, pid := range relays(h) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	before := answered.Load()
	eventually(t, "answers after all", func() bool { return answered.Load() > before })
	close(stop)
	clients.Wait()
	t.Logf("%d answered, %d cut by 10 kills", answered.Load(), cut.Load())
	if strings.Contains(r.text(), "restarts") {
		t.Errorf("a service was touched:\n%s", r.text())
	}
	r.stop()
}

// A stopped relay would keep what it holds for ever, and nobody would serve.
func TestAFrontThatIsStoppedIsReplaced(t *testing.T) {
	if runtime.GOOS == "freebsd" {
		t.Skip("FreeBSD does not tell")
	}
	h, _, r, origins := front(t, frontFile)
	for range 5 {
		if status, _, err := through(origins["web"]); status != 200 {
			t.Fatal(status, err)
		}
		before := relays(h)
		if len(before) != 1 {
			t.Fatalf("%v serve the front", before)
		}
		began := time.Now()
		if err := syscall.Kill(before[0], syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		eventually(t, "it has ended", func() bool { return syscall.Kill(before[0], 0) != nil })
		if status, body, err := through(origins["web"]); status != 200 || body != "hello" {
			t.Errorf("%d %q %v", status, body, err)
		}
		t.Logf("answered %s after the stop", time.Since(began))
	}
	if strings.Contains(r.text(), "restarts") {
		t.Errorf("a service was touched:\n%s", r.text())
	}
	r.stop()
}

func TestAFrontEndsWithAKilledRun(t *testing.T) {
	h, dir, r, origins := front(t, frontFile)
	if status, _, err := through(origins["web"]); status != 200 {
		t.Fatal(status, err)
	}
	guard := r.cmd.Process.Pid
	killHalted(supervisorOf(guard), guard)
	eventually(t, "nothing serves", func() bool { return len(relays(h)) == 0 })
	h.output(dir, "down")
	noneLeft(t, dir)
}

func TestARequestDuringARestartWaits(t *testing.T) {
	h, dir, r, origins := front(t, frontFile)
	restarted := make(chan string, 1)
	for range 3 {
		go func() {
			_, errs, code := h.output(dir, "restart", "slow")
			restarted <- fmt.Sprint(code, errs)
		}()
		eventually(t, "slow restarts", func() bool {
			out, _, _ := h.output(dir, "ps", "--json", "slow")
			return !strings.Contains(out, `"state":"ready"`)
		})
		if status, body, err := through(origins["slow"]); status != 200 || body != "hello" {
			t.Errorf("%d, %q, %v", status, body, err)
		}
		if text := <-restarted; text != "0" {
			t.Error(text)
		}
	}
	h.ok(dir, "stop", "slow")
	if status, body, _ := through(origins["slow"]); status != 503 || !strings.Contains(body, "slow is stopped") {
		t.Errorf("%d, %q", status, body)
	}
	r.stop()
}

func TestAReloadMovesTheFront(t *testing.T) {
	h, dir, r, origins := front(t, frontFile)
	if status, _, err := through(origins["web"]); status != 200 {
		t.Fatal(status, err)
	}
	h.write(dir, "lhrun.toml", strings.Replace(frontFile, "[services.web]", "[services.web]\nhost = \"www\"", 1))
	h.ok(dir, "reload")
	renamed := strings.TrimSpace(h.ok(dir, "url", "--origin", "web"))
	if !strings.HasPrefix(renamed, "http://www.shop.localhost:") {
		t.Error(renamed)
	}
	if status, _, err := through(renamed); status != 200 {
		t.Error(status, err)
	}
	if status, _, err := through(origins["web"]); status != 421 {
		t.Error(status, err)
	}
	h.write(dir, "lhrun.toml", strings.Replace(frontFile, "[front]\nwait = \"60s\"", "front = false", 1))
	h.ok(dir, "reload")
	if _, _, err := through(renamed); err == nil {
		t.Error("front = false still answers")
	}
	if left := relays(h); len(left) > 0 {
		t.Errorf("%v serve no front", left)
	}
	r.stop()
}

func TestAFrontWhosePortIsTakenSaysWhoHasIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := newHome(t)
	dir := h.checkout("lhrun.toml", strings.Replace(frontFile, "wait =", fmt.Sprintf("port = %d\nwait =", l.Addr().(*net.TCPAddr).Port), 1))
	_, errs, code := h.output(dir, "up", "-d")
	if code != 3 || !strings.Contains(errs, "front") || !strings.Contains(errs, fmt.Sprint("pid ", os.Getpid())) {
		t.Errorf("%d: %s", code, errs)
	}
	noneLeft(t, dir)
}

func TestOpenShowsTheOriginInTheBrowser(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", frontFile)
	browser := filepath.Join(dir, "browser")
	if err := os.WriteFile(browser, []byte("#!/bin/sh\necho \"opens $1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BROWSER", browser)
	if out := h.ok(dir, "open", "web"); !strings.Contains(out, "http://web.shop.localhost:") {
		t.Error(out)
	}
	if _, errs, code := h.output(dir, "open"); code != 2 || !strings.Contains(errs, "which one? web, slow") {
		t.Errorf("%d: %s", code, errs)
	}
}

// A browser resolves names below .localhost itself.
func TestABrowserReachesAServiceByItsName(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	_, _, r, origins := front(t, frontFile)
	out, err := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--dump-dom", origins["web"]+"/hello.txt").Output()
	if err != nil || !strings.Contains(string(out), "hello") {
		t.Errorf("%v: %s", err, out)
	}
	r.stop()
}

func TestAnotherUserGetsNoAnswerFromTheFront(t *testing.T) {
	systems.Need(t, systems.Peers)
	need(t, "bash")
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	_, _, r, origins := front(t, frontFile)
	host := strings.TrimPrefix(origins["web"], "http://")
	_, port, _ := net.SplitHostPort(host)
	ask := func(uid uint32) string {
		cmd := exec.Command("bash", "-c", `exec 3<>/dev/tcp/127.0.0.1/$0; printf 'GET /hello.txt HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" >&3; cat <&3`, port, host)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, _ := cmd.Output()
		return string(out)
	}
	if got := ask(0); !strings.HasSuffix(got, "hello") {
		t.Errorf("this user gets %q", got)
	}
	if got := ask(nobody); got != "" {
		t.Errorf("another user gets %q", got)
	}
	r.stop()
}
