package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/systems"
	"github.com/lhrun/lhrun/ports"
)

// edge is one of "graph --json", in the order of its fields there.
type edge struct {
	From, To, Outside string
	Connections       int
	BytesUp           int `json:"bytes_up"`
	BytesDown         int `json:"bytes_down"`
	Declared          bool
}

// edges are those of the run in dir.
func (h *home) edges(dir string) (all []edge) {
	h.t.Helper()
	out, errs, code := h.output(dir, "graph", "--json")
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != 0 || errs != "" {
		h.t.Fatalf("graph: %d %v\n%s%s", code, err, out, errs)
	}
	return all
}

// awaitEdges waits until the graph is want.
func (h *home) awaitEdges(dir string, want []edge) {
	h.t.Helper()
	var got []edge
	defer func() {
		if h.t.Failed() {
			h.t.Logf("got  %+v\nwant %+v", got, want)
		}
	}()
	eventually(h.t, "the graph is as it should be", func() bool {
		got = h.edges(dir)
		return reflect.DeepEqual(got, want)
	})
}

func needGraph(t *testing.T) {
	t.Helper()
	systems.Need(t, systems.Connections)
	if runtime.GOOS != "linux" {
		t.Skip("connections are counted on Linux")
	}
}

const talkConfig = `
name = "shop"
dotenv = false
[services.db]
command = "talk"
env = { TALK_LISTEN = "{{host}}:{{port}}" }
[services.api]
command = "talk 127.0.0.1:{{db.port}}*400*@UP@*@DOWN@"
env = { TALK_LISTEN = "[::1]:{{port}}" }
url = "http://[::1]:{{port}}"
ready = { log = "talked" }
depends_on = ["db"]
[services.web]
command = "(setsid sh -c 'talk [::1]:{{api.port}}*3*@UP@*@DOWN@ 127.0.0.1:{{db.port}}*1*20*0; :' &); exec sleep 1000"
port = false
depends_on = ["api"]
ready = { log = "talked" }
[services.lone]
command = "sleep 1000"
port = false
depends_on = ["web"]
`

// TestTheGraphCountsWhatWasSent: by hundreds of connections, over IPv6, by a grandchild in
// a session of its own, along an edge that no depends_on names, by a program outside and
// by another run.
func TestTheGraphCountsWhatWasSent(t *testing.T) {
	needGraph(t)
	if !hasIPv6() {
		t.Skip("no IPv6 here")
	}
	h := newHome(t)
	up, down := 20+rand.IntN(5000), rand.IntN(5000)
	sizes := strings.NewReplacer("@UP@", fmt.Sprint(up), "@DOWN@", fmt.Sprint(down))
	dir := h.checkout("lhrun.toml", sizes.Replace(talkConfig))
	h.up(dir).wait("all ready")
	edges := []edge{
		{"api", "db", "", 400, 400 * up, 400 * down, true},
		{"lone", "web", "", 0, 0, 0, true},
		{"web", "api", "", 3, 3 * up, 3 * down, true},
		{"web", "db", "", 1, 20, 0, false},
	}
	h.awaitEdges(dir, edges)

	other := h.checkout("lhrun.toml", fmt.Sprintf(`
name = "blog"
dotenv = false
[services.reader]
command = "talk 127.0.0.1:%d*2*30*40"
port = false
ready = { log = "talked" }
`, h.port(dir, "db")))
	blog := h.up(other)
	blog.wait("all ready")
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", h.port(dir, "db")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	self := filepath.Base(os.Args[0])
	h.awaitEdges(dir, append(edges,
		edge{"outside", "db", "blog/main", 2, 60, 80, false}, edge{"outside", "db", self, 1, 0, 0, false}))
	h.awaitEdges(other, []edge{{"reader", "outside", "shop/main", 2, 60, 80, false}})

	out, _, _ := h.output(dir, "graph")
	for _, line := range []string{`^web +db +1 +20B +0B +\S+ +not in depends_on$`, `^outside \(blog/main\) +db +2 +60B +80B +\S+ +-$`, `^lone +web +0 +- +- +- +yes$`} {
		if !matches(t, "(?m)"+line, out) {
			t.Errorf("no %s in\n%s", line, out)
		}
	}
	c.Close()
	blog.stop()
	h.awaitEdges(dir, edges)
}

// TestTheGraphGoesOnAndEndsWithTheRun: a table when a number has changed.
func TestTheGraphGoesOnAndEndsWithTheRun(t *testing.T) {
	needGraph(t)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.db]\ncommand = \"talk\"\nenv = { TALK_LISTEN = \"{{host}}:{{port}}\" }\n")
	r := h.up(dir)
	r.wait("all ready")
	w := h.start(h.command(dir, "graph", "-w"))
	w.wait("^FROM +TO +CONNS")
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", h.port(dir, "db")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	w.wait(`^outside \(.+\) +db +1 +0B +0B`)
	if _, err := fmt.Fprintln(c, "9 5"); err != nil {
		t.Fatal(err)
	}
	w.wait(`^outside \(.+\) +db +1 +4B +0B`)
	r.stop()
	if code := w.code(); code != 0 {
		t.Errorf("code %d: %s", code, w.errs.String())
	}
	if !matches(t, "(?m)^lhrun: the project has ended$", w.errs.String()) {
		t.Errorf("it says %q of the end", w.errs.String())
	}
	again := h.up(dir)
	again.wait("all ready")
	w = h.start(h.command(dir, "graph", "-w", "--json"))
	w.wait(`^\[\]$`)
	w.signal(syscall.SIGINT)
	if code := w.code(); code != 130 {
		t.Errorf("code %d after Ctrl-C", code)
	}
}

// TestPostgreSQLAndItsClientsAreInTheGraph: its backends are processes of their own, which
// write over their environment.
func TestPostgreSQLAndItsClientsAreInTheGraph(t *testing.T) {
	needGraph(t)
	need(t, "psql", "setpriv", "redis-server", "redis-cli")
	pg := postgresBin(t)
	h := newHome(t)
	dir := h.checkout("lhrun.toml", strings.NewReplacer("@AS@", asPostgres(), "@PG@", pg).Replace(`
dotenv = false
`+postgresServices+`[services.redis]
command = "exec redis-server --port $PORT --bind $HOST --save '' --appendonly no"
ready = { exec = "redis-cli -h $HOST -p $PORT ping" }
[services.api]
command = "psql {{db.url}} -c 'select pg_sleep(1000)' & psql {{db.url}} -c 'select pg_sleep(1000)' & exec redis-cli -h 127.0.0.1 -p {{redis.port}} subscribe news"
port = false
depends_on = ["db"]
`))
	openTo(t, dir)
	h.up(dir).wait("all ready")
	var got []edge
	eventually(t, "both are called", func() bool {
		got = nil
		for _, e := range h.edges(dir) {
			// Neither what clients say nor the probes are of interest.
			if e.Outside == "" && (e.BytesUp > 0 && e.BytesDown > 0) == (e.Connections > 0) {
				e.BytesUp, e.BytesDown = 0, 0
				got = append(got, e)
			}
		}
		return reflect.DeepEqual(got, []edge{{"api", "db", "", 2, 0, 0, true}, {"api", "redis", "", 1, 0, 0, false}, {"db", "initdb", "", 0, 0, 0, true}})
	})
}

// TestAnExternalServiceIsInTheGraphByItsPort, as no process of it is lhrun's.
func TestAnExternalServiceIsInTheGraphByItsPort(t *testing.T) {
	needGraph(t)
	h := newHome(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go listenTo(l)
	port := l.Addr().(*net.TCPAddr).Port
	dir := h.checkout("lhrun.toml", fmt.Sprintf(`
dotenv = false
[services.db]
external = true
port = %d
[services.api]
command = "talk 127.0.0.1:%[1]d*2*30*40"
port = false
ready = { log = "talked" }
depends_on = ["db"]
`, port))
	h.up(dir).wait("all ready")
	h.awaitEdges(dir, []edge{{"api", "db", "", 2, 60, 80, true}})
}

// TestTheGraphOnATerminalRestoresItAndLeavesTheLastTable, as ps -w does.
func TestTheGraphOnATerminalRestoresItAndLeavesTheLastTable(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[defaults]\nport = false\ncommand = \"sleep 1000\"\n[services.db]\n[services.api]\ndepends_on = [\"db\"]\n")
	h.up(dir).wait("all ready")
	cmd := h.command(dir, "graph", "-w")
	cmd.Env = append(cmd.Env, "TERM=xterm")
	terminal, screen := onTerminal(t, cmd)
	screen.wait(t, "\x1b[?1049h")
	screen.wait(t, "api   db")
	fmt.Fprint(terminal, "\x03")
	_ = cmd.Wait()
	if code := codeOf(cmd.ProcessState); code != 130 {
		t.Errorf("exit code %d after Ctrl-C, want 130", code)
	}
	eventually(t, "the last table on the first screen", func() bool {
		_, rest, left := strings.Cut(screen.text(), "\x1b[?25h\x1b[?1049l")
		return left && matches(t, "api +db", rest)
	})
}

// TestWhatComesThroughTheFrontIsTheBrowsers, in every form; and nobody else is.
func TestWhatComesThroughTheFrontIsTheBrowsers(t *testing.T) {
	needGraph(t)
	h, dir, r, origins := front(t, frontFile)
	if status, _, err := through(origins["web"]); status != 200 { // The relay keeps its connection.
		t.Fatal(status, err)
	}
	eventually(t, "the browser is in the graph", func() bool {
		all := h.edges(dir)
		return len(all) == 1 && all[0].From == "browser" && all[0].To == "web" && all[0].Outside == "browser" && all[0].Connections > 0
	})
	w := h.start(h.command(dir, "graph", "-w"))
	w.wait(`^browser +web +1 .* -$`)
	w.signal(syscall.SIGINT)
	for form, line := range map[string]string{"--dot": `label="browser", style=dashed`, "--mermaid": `\(\["browser"\]\)`} {
		if out, _, _ := h.output(dir, "graph", form); !matches(t, line, out) {
			t.Errorf("%s: no %s in\n%s", form, line, out)
		}
	}
	r.stop()
}

// TestWhatAnExternalServiceCallsIsItsOwn, and what its children call; when it is up again,
// the new one's. The same goes for one that is taken by hand outside.
func TestWhatAnExternalServiceCallsIsItsOwn(t *testing.T) {
	needGraph(t)
	h := newHome(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	dir := h.checkout("lhrun.toml", fmt.Sprintf(`
dotenv = false
[services.db]
command = "talk"
env = { TALK_LISTEN = "{{host}}:{{port}}" }
[services.ide]
external = true
port = %d
depends_on = ["db"]
[services.api]
command = "talk"
env = { TALK_LISTEN = "{{host}}:{{port}}" }
`, port))
	h.up(dir).wait("api.*ready")
	listen := func(port int, script string) *run {
		cmd := exec.Command("sh", "-c", script)
		cmd.Dir, cmd.Env = t.TempDir(), append(h.environ(), fmt.Sprintf("TALK_LISTEN=127.0.0.1:%d", port))
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		r := h.start(cmd)
		t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		r.wait("talked")
		return r
	}
	call := fmt.Sprintf("127.0.0.1:%d*1*20*30", h.port(dir, "db"))
	ide := listen(port, "exec talk "+call)
	want := []edge{{"ide", "db", "", 1, 20, 30, true}}
	h.awaitEdges(dir, want)

	if _, errs, code := h.output(dir, "take", "api", "--outside"); code != 0 {
		t.Fatal(code, errs)
	}
	eventually(t, "the port of api is free", func() bool { return ports.Free(h.port(dir, "api")) == nil })
	listen(h.port(dir, "api"), "(unset TALK_LISTEN; exec talk "+call+") & exec talk")
	h.awaitEdges(dir, append([]edge{{"api", "db", "", 1, 20, 30, false}}, want...))
	ide.signal(syscall.SIGKILL)
	h.awaitEdges(dir, []edge{{"api", "db", "", 1, 20, 30, false}, {"ide", "db", "", 0, 0, 0, true}})
}
