package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// chatty has a service that writes numbered lines when a file appears, and others
// that start only by name.
const chatty = `
dotenv = false
[services.api]
command = "echo api runs; until [ -e go ]; do sleep 0.02; done; seq 1 20000; exec sleep 1000"
port = false
[services.extra]
command = "echo extra runs; exec sleep 1000"
port = false
autostart = false
[services.job]
type = "task"
command = "echo job runs"
`

func TestASecondUpJoinsStartsWhatIsMissingAndOnlyLeavesOnCtrlC(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", chatty)
	first := h.up(dir)
	first.wait("all ready")
	second := h.up(dir, "api", "extra", "job")
	second.wait(`runs already, pid \d+; Ctrl-C only leaves$`)
	second.wait(`starting extra$`)
	second.wait(`extra +\| extra runs`)
	second.wait("all ready")
	second.wait(`\| extra +ready`)
	first.wait(`extra +\| extra runs`)
	first.wait(`extra is ready`)
	second.signal(syscall.SIGINT)
	if code := second.code(); code != 0 {
		t.Errorf("exit code %d of an up that left when all was ready, want 0:\n%s", code, second.text())
	}
	expect(t, "second", second.text(), `left; .* goes on, "lhrun down" stops it`)
	if n := len(first.texts("job")); n != 1 {
		t.Errorf("the completed task ran %d times, want once", n)
	}
	if len(processes(dir)) < 2 {
		t.Errorf("the run did not go on:\n%s", first.text())
	}
	first.stop()
	noneLeft(t, dir)
}

func TestAJoinedUpShowsEveryLineFromNowOn(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", chatty)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	r := h.up(dir)
	r.wait("all ready")
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r.wait(`^api +\| 20000$`)
	var want []string
	for i := range 20000 {
		want = append(want, strconv.Itoa(i+1))
	}
	compareLines(t, "joined", r.texts("api"), want)
}

func TestLeavingBeforeAllIsReadyIsExitCode130(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.slow]\ncommand = \"sleep 1000\"\nport = false\nready = { log = \"never\" }\n")
	first := h.up(dir)
	first.wait("starting 1 service")
	eventually(t, "it runs", func() bool { return len(processes(dir)) > 0 })
	second := h.up(dir)
	second.wait("runs already")
	second.signal(syscall.SIGINT)
	if code := second.code(); code != 130 {
		t.Errorf("exit code %d, want 130:\n%s", code, second.text())
	}
	first.stop()
}

func TestAJoinedUpEndsWithTheRun(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		code int
	}{
		"well":   {"", 0},
		"failed": {"[services.bad]\ncommand = \"exit 1\"\nport = false\nrestart = \"no\"\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", chatty+c.more)
			first := h.up(dir)
			first.wait("all ready|1 of 3 services failed")
			second := h.up(dir, "api")
			second.wait("all ready")
			for _, s := range h.verbJSON(dir, "ps").Services {
				if s.Name == "bad" {
					h.verb(dir, "wait", "bad", "--for", "failed")
				}
			}
			h.down(dir)
			for who, r := range map[string]*run{"first": first, "second": second} {
				if code := r.code(); code != c.code {
					t.Errorf("exit code %d of the %s, want %d:\n%s", code, who, c.code, r.text())
				}
			}
			expect(t, "first", first.text(), `stopping, as another lhrun asks`)
			expect(t, "second", second.text(), `has ended`)
		})
	}
}

func TestAJoinedUpSaysThatTheRunWasKilled(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", chatty)
	if out, errs, code := h.background(dir); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	r := h.up(dir)
	r.wait("all ready")
	_, supervisor := h.record()
	_ = syscall.Kill(supervisor, syscall.SIGKILL)
	if code := r.code(); code != 1 {
		t.Errorf("exit code %d, want 1:\n%s", code, r.text())
	}
	expect(t, "joined", r.text(), `is lost: its lhrun was killed`)
}

func TestOfManyUpsAtOnceOneRunsAndTheOthersJoin(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle)
	const ups = 5
	var wg sync.WaitGroup
	texts := make([]string, ups)
	for i := range ups {
		wg.Go(func() {
			out, errs, code := h.output(dir, "up", "-d")
			texts[i] = fmt.Sprintf("exit code %d: %s%s", code, out, errs)
		})
	}
	wg.Wait()
	began := 0
	for _, text := range texts {
		if !strings.HasPrefix(text, "exit code 0:") || !strings.Contains(text, "all ready") {
			t.Errorf("%s", text)
		}
		if strings.Contains(text, "starting 3 services") {
			began++
		}
	}
	if began != 1 {
		t.Errorf("%d began a run, want one:\n%s", began, strings.Join(texts, "\n"))
	}
	h.down(dir)
}

func TestUpWhileTheRunIsOnItsWayDownStartsItAnew(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.api]
command = "trap 'echo api ends; until [ -e go ]; do sleep 0.02; done; exit 0' TERM; echo api runs; while :; do sleep 0.02; done"
port = false
ready = { log = "api runs" }
`)
	first := h.up(dir)
	first.wait("all ready")
	first.signal(syscall.SIGTERM)
	first.wait("api ends")
	second := h.up(dir)
	second.wait("is just being stopped")
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	first.code()
	second.wait("all ready")
	second.stop()
	noneLeft(t, dir)
}

func TestAJoiningUpStartsWhatItsProfileAdds(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n"+worker("api", "")+worker("mail", `profiles = ["extra"]`), "pids/.keep", "")
	h.up(dir).wait("all ready")
	second := h.up(dir, "--profile", "extra")
	second.wait(`runs already, pid \d+; Ctrl-C only leaves$`)
	second.wait("starting mail$")
	second.wait("all ready")
	if got := alive(journal(t, dir)); !slices.Equal(got, []string{"api", "mail"}) {
		t.Errorf("alive are %v", got)
	}
	second.signal(syscall.SIGINT)
	if code := second.code(); code != 0 {
		t.Errorf("exit code %d of an up that left when all was ready, want 0:\n%s", code, second.text())
	}
	if got := alive(journal(t, dir)); !slices.Equal(got, []string{"api", "mail"}) {
		t.Errorf("after it has left, alive are %v", got)
	}
}
