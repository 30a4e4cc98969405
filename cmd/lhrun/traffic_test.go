package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// call is one line of "traffic --json".
type call struct {
	ID                                                     int
	From, To, Protocol, Method, Path, Status, Error, Fault string
	BytesUp                                                int64 `json:"bytes_up"`
	BytesDown                                              int64 `json:"bytes_down"`
}

func (h *home) traffic(dir string, args ...string) (calls []call) {
	h.t.Helper()
	for line := range strings.Lines(h.ok(dir, append([]string{"traffic", "--json"}, args...)...)) {
		var c call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			h.t.Fatalf("%s: %v", line, err)
		}
		calls = append(calls, c)
	}
	return calls
}

// awaitCall waits for a call that is told as want is, as far as that says.
func (h *home) awaitCall(dir string, want call) call {
	h.t.Helper()
	same := func(got, want string) bool { return want == "" || got == want }
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		for _, c := range h.traffic(dir) {
			if same(c.From, want.From) && same(c.To, want.To) && same(c.Protocol, want.Protocol) && same(c.Method, want.Method) &&
				same(c.Path, want.Path) && same(c.Status, want.Status) {
				return c
			}
		}
	}
	h.t.Fatalf("no call is told as %+v, but %+v", want, h.traffic(dir))
	return call{}
}

const trafficFile = `name = "shop"
dotenv = false
[services.api]
command = "exec $LHRUN serve ."
inspect = true
[services.web]
port = false
command = "curl -s -o out -H 'Authorization: Bearer s3cretvalue' $API_URL/hello.txt?page=2; exec sleep 1000"
depends_on = ["api"]
[services.other]
port = false
command = "curl -s -o out2 $API_URL/missing.txt; exec sleep 1000"
`

// TestCallsAreToldWithTheirCallers by a real client: a declared one, one that shares its
// address with others, and a browser.
func TestCallsAreToldWithTheirCallers(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the caller is curl")
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", trafficFile, "hello.txt", "hello")
	r := h.up(dir)
	r.wait("all ready")
	first := h.awaitCall(dir, call{From: "web", To: "api", Protocol: "http", Method: "GET", Path: "/hello.txt?page=2", Status: "200"})
	h.ok(dir, "restart", "other") // Its first call may have come before api was there.
	h.awaitCall(dir, call{From: "other", To: "api", Path: "/missing.txt", Status: "404"})
	origin := strings.TrimSpace(h.ok(dir, "url", "--origin", "api"))
	if status, _, err := through(origin); status != 200 {
		t.Fatal(status, err)
	}
	h.awaitCall(dir, call{From: "browser", To: "api", Path: "/hello.txt", Status: "200"})
	if got := h.traffic(dir, "--status", "404"); len(got) == 0 || got[0].Status != "404" {
		t.Errorf("%+v", got)
	}
	whole := h.ok(dir, "traffic", "show", fmt.Sprint(first.ID))
	if strings.Contains(whole, "s3cretvalue") || !strings.Contains(whole, "hello") {
		t.Error(whole)
	}
	if text := h.ok(dir, "traffic", "show", "--reveal", fmt.Sprint(first.ID)); !strings.Contains(text, "s3cretvalue") {
		t.Error(text)
	}
	again := h.ok(dir, "traffic", "curl", fmt.Sprint(first.ID))
	out, err := exec.Command("sh", "-c", again).CombinedOutput()
	if err != nil || !strings.HasSuffix(string(out), "hello") {
		t.Errorf("%s\n%s, %v", again, out, err)
	}
	h.ok(dir, "traffic", "clear")
	if got := h.traffic(dir); len(got) > 0 {
		t.Errorf("after clear: %+v", got)
	}
	h.ok(dir, "inspect", "off")
	if _, errs, code := h.output(dir, "traffic"); code != 0 || !strings.Contains(errs, "nothing is inspected") {
		t.Error(code, errs)
	}
	r.stop()
}

// TestRealProgramsAreReadThroughAnEdge redis-cli with its server.
func TestRealProgramsAreReadThroughAnEdge(t *testing.T) {
	for _, program := range []string{"redis-server", "redis-cli"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("there is no " + program)
		}
	}
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `name = "shop"
dotenv = false
[services.db]
command = "exec redis-server --port $PORT --bind $HOST --save ''"
inspect = "redis"
[services.web]
port = false
command = "redis-cli -p $DB_PORT SET greeting hello; redis-cli -p $DB_PORT LPUSH greeting x; redis-cli -p $DB_PORT -a s3cretvalue PING; exec sleep 1000"
depends_on = ["db"]
`)
	r := h.up(dir)
	r.wait("all ready")
	h.awaitCall(dir, call{From: "web", To: "db", Protocol: "redis", Method: "SET", Path: "SET greeting hello", Status: "OK"})
	h.awaitCall(dir, call{From: "web", To: "db", Method: "LPUSH", Status: "WRONGTYPE"})
	auth := h.awaitCall(dir, call{From: "web", To: "db", Method: "AUTH"})
	if text := h.ok(dir, "traffic", "show", fmt.Sprint(auth.ID)); strings.Contains(text, "s3cretvalue") {
		t.Error(text)
	}
	r.stop()
}

// TestAnUploadThroughAnEdgeIsCountedWhole and keeps no more than its limit.
func TestAnUploadThroughAnEdgeIsCountedWhole(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", inspectFile, "hello.txt", "hello")
	r := h.up(dir, "--inspect=api")
	r.wait("all ready")
	const size = 20 << 20
	response, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/hello.txt", h.inspected(dir)[0].Port), "text/plain", strings.NewReader(strings.Repeat("x", size)))
	if err == nil {
		response.Body.Close()
	}
	if c := h.awaitCall(dir, call{Method: "POST", Path: "/hello.txt"}); c.From != "web" {
		t.Errorf("%+v", c)
	}
	r.stop()
}
