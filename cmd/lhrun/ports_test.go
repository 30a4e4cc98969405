package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// squat listens on a port as a stranger to lhrun: this test process.
func squat(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

const oneServer = `
dotenv = false
[services.api]
command = ["{{env.LHRUN_BIN}}", "serve"]
`

func serverConfig(t *testing.T) string {
	return strings.ReplaceAll(oneServer, "{{env.LHRUN_BIN}}", lhrunPath(t))
}

func TestAnAutomaticPortMovesAsideNamesTheHolderAndReturnsHome(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", serverConfig(t))
	homePort := h.port(dir, "api")
	l := squat(t, fmt.Sprintf("127.0.0.1:%d", homePort))
	r := h.up(dir)
	line := r.wait(`port \d+ is held by`)
	for _, want := range []string{fmt.Sprint(homePort), fmt.Sprint(os.Getpid()), filepath.Base(os.Args[0])} {
		if !strings.Contains(line, want) {
			t.Errorf("%q does not name %s", line, want)
		}
	}
	r.wait("all ready")
	moved := h.port(dir, "api")
	if moved == homePort {
		t.Errorf("`lhrun port` still says %d while the service runs elsewhere", moved)
	}
	if _, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", moved)); err != nil {
		t.Error(err)
	}
	out, errs, code := h.output(dir, "ports", "who", fmt.Sprint(homePort))
	if want := fmt.Sprintf("%s, which moved aside for this run: it is on %d, leased by lhrun, pid ", filepath.Base(dir), moved); code != 0 ||
		!strings.Contains(out, want) || !strings.Contains(out, fmt.Sprintf("pid %d", os.Getpid())) || strings.Contains(out, "does not run") {
		t.Errorf("who has its home: exit code %d, %q, %s", code, out, errs)
	}
	r.stop()
	_ = l.Close()
	r = h.up(dir)
	r.wait("all ready")
	if got := h.port(dir, "api"); got != homePort {
		t.Errorf("port %d after the squatter left, want %d", got, homePort)
	}
	r.stop()
}

func TestAFixedPortThatIsTakenIsExitCode3(t *testing.T) {
	h := newHome(t)
	l := squat(t, "127.0.0.1:0")
	port := l.Addr().(*net.TCPAddr).Port
	dir := h.checkout("lhrun.toml", fmt.Sprintf("dotenv = false\n[services.api]\ncommand = \"sleep 9\"\nport = %d\n", port))
	_, errs, code := h.output(dir, "up")
	if code != 3 || !strings.Contains(errs, fmt.Sprintf("pid %d", os.Getpid())) {
		t.Errorf("exit code %d, stderr %q", code, errs)
	}
	noneLeft(t, dir)
}

// What doctor advises where a port is taken is what ends that.
func TestDoctorAdvisesWhatFreesAPort(t *testing.T) {
	h := newHome(t)
	l := squat(t, "127.0.0.1:0")
	port := l.Addr().(*net.TCPAddr).Port
	fixed := serverConfig(t) + fmt.Sprintf("port = %d\n", port)
	mine, other := h.checkout("lhrun.toml", "name = 'mine'\n"+fixed), h.checkout("lhrun.toml", "name = 'other'\n"+fixed)
	advice := func() string {
		t.Helper()
		out, _, _ := h.output(mine, "doctor")
		found := regexp.MustCompile(`(?m)^fail  ports .*\n +-> (.*)$`).FindStringSubmatch(out)
		if found == nil {
			t.Fatalf("nothing is wrong:\n%s", out)
		}
		return found[1]
	}
	// The test itself has it, from which the verb is started.
	if got := advice(); got != "give api another port" {
		t.Errorf("advice %q", got)
	}
	if _, errs, _ := h.output(mine, "up"); strings.Contains(errs, "ends that") {
		t.Errorf("up advises what is refused: %s", errs)
	}
	_ = l.Close()
	if out, errs, code := h.background(other); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	args, ok := strings.CutPrefix(advice(), "lhrun ")
	if !ok {
		t.Fatalf("advice %q", advice())
	}
	cmd := exec.Command("sh", "-c", lhrunPath(t)+" "+args)
	cmd.Dir, cmd.Env = mine, h.environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%q: %v: %s", args, err, out)
	}
	if out, _, _ := h.output(mine, "doctor"); !strings.Contains(out, "none held by somebody else") {
		t.Errorf("it is still taken:\n%s", out)
	}
}

func TestABusyFixedPortConcernsOnlyWhoStartsItsService(t *testing.T) {
	h := newHome(t)
	l := squat(t, "127.0.0.1:0")
	config := fmt.Sprintf("[services.api]\ncommand = [%q, \"serve\"]\nport = %d\n"+
		"[services.needy]\ncommand = \"sleep 99\"\nport = false\ndepends_on = [\"api\"]\n"+
		"[services.other]\ncommand = \"sleep 99\"\nport = false\n", lhrunPath(t), l.Addr().(*net.TCPAddr).Port)
	dir := h.checkout("lhrun.toml", config)
	if _, errs, code := h.output(dir, "up", "needy"); code != 3 || !strings.Contains(errs, fmt.Sprintf("pid %d", os.Getpid())) {
		t.Errorf("up of what needs it: exit code %d, stderr %q", code, errs)
	}
	r := h.up(dir, "other")
	r.wait("all ready")
	h.write(dir, "lhrun.toml", config+"env = { A = \"b\" }\n")
	if out, errs, code := h.output(dir, "plan"); code != 0 || strings.Contains(out, "cannot have it") {
		t.Errorf("plan: exit code %d, stdout %q, stderr %q", code, out, errs)
	}
	if _, errs, code := h.output(dir, "reload"); code != 0 {
		t.Errorf("reload: exit code %d, stderr %q", code, errs)
	}
	if _, errs, code := h.output(dir, "start", "api", "--timeout", "2s"); code != 4 || !strings.Contains(errs, fmt.Sprintf("pid %d", os.Getpid())) {
		t.Errorf("start: exit code %d, stderr %q", code, errs)
	}
	_ = l.Close()
	if _, errs, code := h.output(dir, "start", "api"); code != 0 {
		t.Errorf("start once it is free: exit code %d, stderr %q", code, errs)
	}
	r.stop()
}

func TestAStrangersListenerNeverMakesAServiceReady(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "echo started; exec sleep 1000"
[services.web]
command = "echo started; exec sleep 1000"
ready = { http = "/" }
`)
	r := h.up(dir)
	r.wait("api .*started")
	r.wait("web .*started")
	for _, service := range []string{"api", "web"} {
		server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
		l := squat(t, fmt.Sprintf("127.0.0.1:%d", h.port(dir, service)))
		go func() { _ = server.Serve(l) }()
		r.wait(fmt.Sprintf(`%s cannot use its port \d+, which is held by pid %d`, service, os.Getpid()))
	}
	time.Sleep(300 * time.Millisecond)
	if strings.Contains(r.text(), "is ready") {
		t.Errorf("a stranger made a service ready:\n%s", r.text())
	}
	r.stop()
}

func TestAWrongPortAndAnOpenOneAreTold(t *testing.T) {
	need(t, "python3")
	h := newHome(t)
	l := squat(t, "127.0.0.1:0")
	wrong := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	dir := h.checkout("lhrun.toml", fmt.Sprintf(`
dotenv = false
[services.wrong]
command = "exec python3 -m http.server --bind 127.0.0.1 %d"
[services.open]
command = "exec python3 -m http.server --bind 0.0.0.0 $PORT"
`, wrong))
	r := h.up(dir)
	r.wait(fmt.Sprintf(`wrong listens on 127\.0\.0\.1:%d, not on its port`, wrong))
	r.wait(`open listens on 0\.0\.0\.0:\d+, open to the network`)
	r.wait(`open is ready`)
	r.stop()
}

func TestAWorktreeNeverSharesAPortWithItsMainCheckout(t *testing.T) {
	h := newHome(t)
	one := h.checkout("lhrun.toml", "name = \"shop\"\n"+serverConfig(t))
	two := h.checkout("lhrun.toml", "name = \"shop\"\n"+serverConfig(t))
	a, b := h.up(one), h.up(two)
	a.wait("all ready")
	b.wait("all ready")
	if p, q := h.port(one, "api"), h.port(two, "api"); p == q {
		t.Errorf("both have port %d", p)
	}
	a.stop()
	b.stop()
	noneLeft(t, one)
	noneLeft(t, two)
}

func TestPortFilesAreWrittenBeforeAnythingStarts(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
[dotenv]
".env" = {}
"web/.env.local" = { VITE_API_URL = "{{api.url}}/v1" }
[services.api]
command = "cat .env web/.env.local; exec sleep 1000"
ready = { log = "VITE_API_URL" }
`, ".env", "MINE=1", "web/x", "")
	r := h.up(dir)
	r.wait("all ready")
	port := h.port(dir, "api")
	got := strings.Join(r.texts("api"), "\n")
	for _, want := range []string{
		`(?m)^MINE=1$`, `(?m)^# >>> lhrun >>>$`, fmt.Sprintf(`(?m)^API_PORT="?%d"?$`, port),
		fmt.Sprintf(`(?m)^VITE_API_URL="?http://127\.0\.0\.1:%d/v1"?$`, port),
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	r.stop()
}
