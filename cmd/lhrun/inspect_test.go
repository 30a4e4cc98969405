package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const inspectFile = `name = "shop"
dotenv = false
front = false
[services.api]
command = "exec $LHRUN serve ."
[services.web]
command = "exec $LHRUN serve ."
depends_on = ["api"]
[services.other]
command = "exec $LHRUN serve ."
`

// inspectedEdge is one of "inspect --json".
type inspectedEdge struct {
	From, To     string
	Port, Target int
}

func (h *home) inspected(dir string) (edges []inspectedEdge) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.ok(dir, "inspect", "--json")), &edges); err != nil {
		h.t.Fatal(err)
	}
	return edges
}

// processes are the pids of the services that run, and environs their environments.
func (h *home) processes(dir string) (pids map[string]int, environs map[string][]string) {
	h.t.Helper()
	var services []struct {
		Name string
		PID  int
	}
	if err := json.Unmarshal([]byte(h.ok(dir, "ps", "--json")), &struct{ Services any }{&services}); err != nil {
		h.t.Fatal(err)
	}
	pids, environs = map[string]int{}, map[string][]string{}
	for _, s := range services {
		pids[s.Name] = s.PID
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.PID))
		if err != nil {
			h.t.Skip("environments are read in /proc")
		}
		vars := strings.Split(string(text), "\x00")
		slices.Sort(vars)
		environs[s.Name] = vars
	}
	return pids, environs
}

func getPort(port int) (int, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/hello.txt", port))
	if err != nil {
		return 0, err
	}
	response.Body.Close()
	return response.StatusCode, nil
}

func TestInspectingRestartsCallersAlone(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", inspectFile, "hello.txt", "hello")
	r := h.up(dir)
	r.wait("all ready")
	before, environs := h.processes(dir)
	listeners := listenersOf(t, dir, h)
	out := h.ok(dir, "inspect", "on", "api")
	if !strings.Contains(out, "restart web: api is inspected") || strings.Contains(out, "other") {
		t.Error(out)
	}
	after, vars := h.processes(dir)
	if before["api"] != after["api"] || before["other"] != after["other"] || before["web"] == after["web"] {
		t.Errorf("%v became %v", before, after)
	}
	port := h.port(dir, "api")
	edges := h.inspected(dir)
	if len(edges) != 2 || edges[0].From != "web" || edges[1].From != "*" || edges[0].Target != port || edges[0].Port == port {
		t.Fatalf("%+v", edges)
	}
	if want := fmt.Sprintf("API_URL=http://127.0.0.1:%d", edges[0].Port); !slices.Contains(vars["web"], want) {
		t.Errorf("web has no %s", want)
	}
	for _, e := range edges {
		if status, err := getPort(e.Port); status != 200 {
			t.Errorf("%s: %d, %v", e.From, status, err)
		}
	}
	if text := h.ok(dir, "ports"); !strings.Contains(text, "web -> api") {
		t.Error(text)
	}
	h.ok(dir, "inspect", "off")
	if left := relays(h); len(left) > 0 {
		t.Errorf("%v run while nothing is inspected", left)
	}
	_, restored := h.processes(dir)
	for name, vars := range environs {
		if got := restored[name]; !slices.Equal(unmarked(got), unmarked(vars)) {
			t.Errorf("the environment of %s was\n%q, is\n%q", name, vars, got)
		}
	}
	if got := listenersOf(t, dir, h); !slices.Equal(got, listeners) {
		t.Errorf("there listened %v, and now %v", listeners, got)
	}
	r.stop()
}

// unmarked are vars without what differs with each start of a process.
func unmarked(vars []string) []string {
	return slices.DeleteFunc(slices.Clone(vars), func(v string) bool { return strings.HasPrefix(v, "LHRUN_RUN=") })
}

// listenersOf are the ports that the run has leased, sorted.
func listenersOf(t *testing.T, dir string, h *home) (ports []int) {
	t.Helper()
	for _, l := range h.leases(dir) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.Port)); err == nil {
			c.Close()
			ports = append(ports, l.Port)
		}
	}
	slices.Sort(ports)
	return ports
}

func TestAnEdgeRefusesWhenItsServiceDoes(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", inspectFile, "hello.txt", "hello")
	r := h.up(dir, "--inspect=api")
	r.wait("all ready")
	edge := h.inspected(dir)[0]
	for range 3 {
		if status, err := getPort(edge.Port); status != 200 {
			t.Fatal(status, err)
		}
		h.ok(dir, "stop", "api")
		if _, err := getPort(edge.Port); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("while it is stopped: %v", err)
		}
		h.ok(dir, "start", "api")
	}
	if got := h.inspected(dir)[0]; got != edge {
		t.Errorf("%+v became %+v", edge, got)
	}
	r.stop()
}

func TestAKilledRelayIsBackAndRefusesNoCaller(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", inspectFile, "hello.txt", "hello")
	r := h.up(dir, "--inspect")
	r.wait("all ready")
	port := h.inspected(dir)[0].Port
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
				switch status, err := getPort(port); {
				case status == 200:
					answered.Add(1)
				case errors.Is(err, syscall.ECONNREFUSED):
					t.Error(err)
					return
				default:
					cut.Add(1)
				}
			}
		})
	}
	for range 5 {
		seen := answered.Load()
		for answered.Load() < seen+10 {
			time.Sleep(time.Millisecond)
		}
		for _, pid := range relays(h) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	close(stop)
	clients.Wait()
	if cut.Load() > 5*4 {
		t.Errorf("%d calls were cut by 5 kills, %d answered", cut.Load(), answered.Load())
	}
	r.stop()
}

func TestInspectSaysWhatItCannotDo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", strings.Replace(inspectFile, "[services.other]", "[services.other]\nport = false", 1), "hello.txt", "hello")
	if _, errs, code := h.output(dir, "inspect", "on"); code != 5 {
		t.Error(code, errs)
	}
	r := h.up(dir)
	r.wait("all ready")
	for args, want := range map[string]string{
		"on apy":     `did you mean "api"?`,
		"on other":   `service "other" cannot be inspected: it has no port`,
		"onn":        "lhrun inspect takes on or off",
		"api":        "lhrun inspect on api",
		"off nobody": `unknown service "nobody"`,
	} {
		_, errs, code := h.output(dir, append([]string{"inspect"}, strings.Fields(args)...)...)
		if code != 2 || !strings.Contains(errs, want) {
			t.Errorf("inspect %s: %d, %s", args, code, errs)
		}
	}
	if text := h.ok(dir, "inspect"); !strings.HasPrefix(text, "nothing is inspected") {
		t.Error(text)
	}
	r.stop()
}

func TestACallPastTheInspectorIsNamedOnceWithItsPlace(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the caller is a bash")
	}
	h := newHome(t)
	file := strings.Replace(inspectFile, `[services.other]
command = "exec $LHRUN serve ."
`, `[services.other]
port = false
command = ["bash", "-c", "read -r at <caller.conf; while ! exec 3<>/dev/tcp/$at; do sleep 0.1; done; sleep 1000"]
`, 1)
	dir := h.checkout("lhrun.toml", file, "hello.txt", "hello")
	port := h.port(dir, "api")
	h.write(dir, "caller.conf", fmt.Sprintf("127.0.0.1/%d\n", port))
	r := h.up(dir, "--inspect=api")
	r.wait("all ready")
	want := fmt.Sprintf("other calls api at its own port %d, past the inspector: caller.conf:1 holds the number", port)
	r.wait(want)
	h.ok(dir, "restart", "other")
	time.Sleep(5 * time.Second) // Two more looks.
	if n := strings.Count(r.text(), want); n != 1 {
		t.Errorf("it is told %d times:\n%s", n, r.text())
	}
	r.stop()
}

// TestTheGraphLooksThroughTheInspector: a call is from its caller to its service, and none
// is the relay's.
func TestTheGraphLooksThroughTheInspector(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the caller is a bash")
	}
	h := newHome(t)
	file := strings.Replace(inspectFile, `[services.other]
command = "exec $LHRUN serve ."
`, `[services.other]
port = false
depends_on = ["api"]
command = ["bash", "-c", "while ! exec 3<>/dev/tcp/127.0.0.1/$API_PORT; do sleep 0.1; done; sleep 1000"]
`, 1)
	dir := h.checkout("lhrun.toml", file, "hello.txt", "hello")
	r := h.up(dir, "--inspect=api")
	r.wait("all ready")
	seen := func() (to string, others int) {
		for _, e := range h.edges(dir) {
			if e.From == "other" && e.Connections > 0 {
				to = e.To
			} else if e.Connections > 0 {
				others++
			}
		}
		return to, others
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		to, others := seen()
		if to == "api" && others == 0 {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("%s", h.ok(dir, "graph"))
		}
	}
	r.stop()
}

// TestAServiceRunByHandIsReachedByItsEdges: in a terminal, and by a process of elsewhere.
func TestAServiceRunByHandIsReachedByItsEdges(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", inspectFile, "hello.txt", "hello")
	r := h.up(dir, "--inspect=api")
	r.wait("all ready")
	edge := h.inspected(dir)[0]
	reached := func(how string) {
		t.Helper()
		for limit := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			status, err := getPort(edge.Port)
			if status == 200 {
				return
			}
			if time.Now().After(limit) {
				t.Fatalf("%s: %d, %v", how, status, err)
			}
		}
	}
	taken := h.start(h.command(dir, "take", "api"))
	taken.wait("serving")
	h.ok(dir, "wait", "api")
	reached("taken in a terminal")
	taken.signal(syscall.SIGINT)
	taken.code()
	h.ok(dir, "wait", "api")
	reached("back again")
	h.ok(dir, "stop", "api")
	elsewhere := h.command(dir, "serve", ".")
	elsewhere.Env = append(elsewhere.Environ(), fmt.Sprintf("PORT=%d", edge.Target))
	other := h.start(elsewhere)
	for {
		if status, _ := getPort(edge.Target); status == 200 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	h.ok(dir, "take", "api", "--outside")
	reached("of elsewhere")
	other.signal(syscall.SIGINT)
	other.code()
	r.stop()
}
