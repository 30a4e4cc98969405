package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// unhealthy is a service that a file makes ill.
func unhealthy(health string) string {
	return "dotenv = false\n" + worker("api", "health = { "+health+", interval = '50ms', timeout = '5s', retries = 3 }\nrestart = { backoff = '100ms' }")
}

func TestAnUnhealthyServiceRestartsOnceThroughBackoff(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", unhealthy(`exec = "test ! -e ill || { echo no heart beat; exit 7; }"`), "pids/.keep", "")
	r := h.up(dir)
	r.wait("all ready")
	h.write(dir, "ill", "")
	r.wait(`\| api is unhealthy: exit code 7: no heart beat \(3 failures in a row\)$`)
	if err := os.Remove(filepath.Join(dir, "ill")); err != nil {
		t.Fatal(err)
	}
	r.wait(`\| api starts again in `)
	eventually(t, "it has a second life", func() bool { return lives(t, dir, "api") == 2 })
	h.verb(dir, "restart", "api") // Many probes have passed meanwhile.
	r.stop()
	if n := lives(t, dir, "api"); n != 3 || strings.Count(r.text(), "is unhealthy") != 1 {
		t.Errorf("%d lives:\n%s", n, r.text())
	}
}

func TestOnFailureNoneLeavesAnUnhealthyServiceAndItGetsWellAgain(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", unhealthy(`exec = "test ! -e ill", on_failure = "none"`), "pids/.keep", "")
	r := h.up(dir)
	r.wait("all ready")
	h.write(dir, "ill", "")
	r.wait(`\| api is unhealthy: exit code 1 \(3 failures in a row\)$`)
	if err := os.Remove(filepath.Join(dir, "ill")); err != nil {
		t.Fatal(err)
	}
	r.wait(`\| api is ready after .*`)
	r.stop()
	if n := lives(t, dir, "api"); n != 1 {
		t.Errorf("it had %d lives", n)
	}
}

func TestAHealthProbeThatHangsIsKilledWithAllThatItStarted(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n"+worker("api",
		`health = { exec = "sleep 1234 & (sleep 1234 &) ; echo stuck; sleep 1234", interval = "50ms", timeout = "200ms", on_failure = "none" }`), "pids/.keep", "")
	r := h.up(dir)
	r.wait(`\| api is unhealthy: still running after 2\d\dms: stuck \(3 failures in a row\)$`)
	eventually(t, "no try is left", func() bool { return len(processes(dir)) == 1 })
	r.stop()
	noneLeft(t, dir)
}

func TestHealthByLogIsALineEachInterval(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.log]
command = "echo up; until test -e quiet; do echo beat; sleep 0.02; done; exec sleep 1000"
port = false
ready = { log = "^up$" }
health = { log = "^beat$", interval = "2s", retries = 1, on_failure = "none" }
`)
	r := h.up(dir)
	r.wait("all ready")
	h.write(dir, "quiet", "")
	r.wait(`\| log is unhealthy: no line matched "\^beat\$" in 2s \(1 failure in a row\)$`)
	r.stop()
}

// A service that hangs sends no more signs of life, though its socket is open.
func TestHealthByNotifyIsASignOfLifeEachInterval(t *testing.T) {
	need(t, "python3")
	h := newHome(t)
	dir := h.checkout("beat.py", `
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
s.send(b"READY=1")
while not os.path.exists("ill"):
    s.send(b"WATCHDOG=1")
    time.sleep(int(os.environ["WATCHDOG_USEC"]) / 1e6 / 20)
os.remove("ill")
time.sleep(1000)
`, "lhrun.toml", `
dotenv = false
[services.beat]
command = ["python3", "beat.py"]
port = false
ready = { notify = true }
health = { notify = true, interval = "1s", retries = 2 }
restart = { backoff = "100ms" }
`)
	r := h.up(dir)
	r.wait("all ready")
	h.write(dir, "ill", "")
	r.wait(`\| beat is unhealthy: it has not sent WATCHDOG=1 to \$NOTIFY_SOCKET in 1s \(2 failures in a row\)$`)
	r.wait(`\| beat starts again in `)
	eventually(t, "its second life is ready", func() bool {
		out, _, _ := h.output(dir, "ps", "--json")
		return strings.Contains(out, `"state":"ready"`) && strings.Contains(out, `"restarts":1`)
	})
	r.stop()
	noneLeft(t, dir)
}

func TestAPortThatIsLostIsUnhealthyUntilItIsServedAgain(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is missing:", err)
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `dotenv = false
[services.api]
command = "timeout 1 python3 -m http.server -b $HOST $PORT; echo crashed; sleep 5; exec python3 -m http.server -b $HOST $PORT"
`)
	r := h.up(dir)
	r.wait("all ready")
	r.wait(`\| api is unhealthy: nothing listens on its port \d+ any more$`)
	eventually(t, "it is ready again", func() bool { return strings.Count(r.text(), "api is ready after") == 2 })
	r.stop()
	if strings.Contains(r.text(), "api starts again") {
		t.Errorf("it was restarted:\n%s", r.text())
	}
}
