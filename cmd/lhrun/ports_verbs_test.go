package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// squatter is another program of this user, no lhrun's service, on a port.
func (h *home) squatter(port int) *exec.Cmd {
	h.t.Helper()
	cmd := h.command(h.t.TempDir(), "serve", "--port", strconv.Itoa(port))
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	h.t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGKILL); <-gone })
	eventually(h.t, "the squatter listens", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return cmd
}

// leased is an element of what `ports --json` prints.
type leased struct {
	Port                                  int
	Project, Instance, Dir, Service, Name string
	Live                                  bool
	PID                                   int
}

func (h *home) leases(dir string) (list []leased) {
	h.t.Helper()
	out, errs, code := h.output(dir, "ports", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 {
		h.t.Fatalf("exit code %d, %v: %s%s", code, err, out, errs)
	}
	return list
}

func TestPortsShowsEveryLeaseOnTheMachineAndWhoIsInTheWay(t *testing.T) {
	h := newHome(t)
	running := h.checkout("lhrun.toml", "name = \"running\"\n"+serverConfig(t))
	idle := h.checkout("lhrun.toml", "name = \"idle\"\n"+serverConfig(t))
	port := h.port(idle, "api")
	stranger := h.squatter(port)
	r := h.up(running)
	r.wait("all ready")
	var live, busy *leased
	for _, l := range h.leases(idle) {
		switch {
		case l.Project == "running" && l.Service == "api":
			live = &l
		case l.Project == "idle" && l.Port == port:
			busy = &l
		}
	}
	if live == nil || !live.Live || live.PID == 0 || live.Service != "api" || live.Port != h.port(running, "api") {
		t.Errorf("the lease of the other project is %+v", live)
	}
	if busy == nil || busy.Live || busy.PID != stranger.Process.Pid {
		t.Errorf("the busy port is %+v, held by pid %d", busy, stranger.Process.Pid)
	}
	out, _, _ := h.output(idle, "ports")
	if want := fmt.Sprintf("pid %d (%s serve --port %d)", stranger.Process.Pid, lhrunPath(t), port); !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	r.stop()
}

func TestPortsWhoNamesAServiceAndItsProject(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "name = \"shop\"\n"+serverConfig(t))
	r := h.up(dir)
	r.wait("all ready")
	port := strconv.Itoa(h.port(dir, "api"))
	out, _, code := h.output(t.TempDir(), "ports", "who", port)
	if code != 0 || !strings.Contains(out, "serve), user ") || !strings.Contains(out, ": service api of shop (main) in "+dir) {
		t.Errorf("exit code %d, %q", code, out)
	}
	r.stop()
	if out, _, code := h.output(dir, "ports", "who", port); code != 1 {
		t.Errorf("exit code %d when nobody has it: %s", code, out)
	}
}

func TestPortsFreeEndsAStrangerOnlyWithConsent(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", serverConfig(t))
	port := h.port(dir, "api")
	stranger := h.squatter(port)
	_, errs, code := h.output(dir, "ports", "free", "api")
	if code != 2 || !strings.Contains(errs, fmt.Sprintf("held by pid %d (", stranger.Process.Pid)) || !strings.Contains(errs, "--yes") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if stranger.Process.Signal(syscall.Signal(0)) != nil {
		t.Fatal("it was ended without consent")
	}
	out, errs, code := h.output(dir, "ports", "free", "api", "--yes")
	if code != 0 || out != fmt.Sprintf("ended pid %d, which had port %d of api\n", stranger.Process.Pid, port) {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
	if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
		t.Error(err)
	} else {
		_ = l.Close()
	}
}

func TestPortsFreeNeverEndsAServiceThatRunsNorItsOwnParent(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", serverConfig(t)+"[services.held]\ncommand = \"exec sleep 1000\"\nlisten = \"fd\"\n")
	l := squat(t, fmt.Sprintf("127.0.0.1:%d", h.port(dir, "api"))) // this test, which starts lhrun
	if _, errs, code := h.output(dir, "ports", "free", "api", "--yes"); code != 1 || !strings.Contains(errs, "which this very command was started from") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	_ = l.Close()
	r := h.up(dir)
	r.wait("all ready")
	for _, service := range []string{"api", "held"} {
		_, errs, code := h.output(dir, "ports", "free", service, "--yes")
		if code != 1 || !strings.Contains(errs, `end it with "lhrun stop `+service+`"`) {
			t.Errorf("%s: exit code %d, %s", service, code, errs)
		}
	}
	r.stop()
}
