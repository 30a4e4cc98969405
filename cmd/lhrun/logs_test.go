package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// floodConfig is a service that writes 200,000 lines of 100 bytes, twice of what is
// kept of it, once there is a file go, and makes a file written when it has.
const (
	floodLines  = 200_000
	floodConfig = `
dotenv = false
[services.flood]
command = "echo begin; until [ -e go ]; do sleep 0.02; done; seq -f %%06.0f%s %d; echo end; touch written; exec sleep 1000"
port = false
`
)

var floodTail = strings.Repeat("x", 93)

func flood(h *home) (dir string) {
	return h.checkout("lhrun.toml", fmt.Sprintf(floodConfig, floodTail, floodLines))
}

func touch(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// follow starts `lhrun logs -f`, whose Ctrl-C is exit code 130.
func (h *home) follow(dir string, args ...string) *run {
	return h.start(h.command(dir, append([]string{"logs", "-f"}, args...)...))
}

var missedBytes = regexp.MustCompile(`^flood: (\d+) bytes missed`)

// accountsForAll checks that each line of the flood came, once and in order, or is
// among the bytes that r was told to have missed.
func accountsForAll(t *testing.T, r *run) {
	t.Helper()
	next, missing, missed := 1, 0, 0
	for _, text := range r.texts("flood") {
		n, err := strconv.Atoi(strings.TrimSuffix(text, floodTail))
		if err != nil {
			continue // begin, end
		}
		if n < next {
			t.Fatalf("line %d comes after line %d", n, next-1)
		}
		missing += n - next
		next = n + 1
	}
	missing += floodLines + 1 - next
	for _, text := range r.texts("lhrun") {
		if m := missedBytes.FindStringSubmatch(text); m != nil {
			n, _ := strconv.Atoi(m[1])
			missed += n
		}
	}
	if missed != 100*missing {
		t.Errorf("%d lines are missing, told of %d bytes", missing, missed)
	}
	t.Logf("%d of %d lines came, %d bytes missed", floodLines-missing, floodLines, missed)
}

func TestLogsFollowsABurstOf200000LinesOrSaysWhatItMissed(t *testing.T) {
	h := newHome(t)
	dir := flood(h)
	up := h.up(dir)
	up.wait("begin")
	r := h.follow(dir)
	r.wait("begin")
	touch(t, filepath.Join(dir, "go"))
	r.wait(`flood \| end`)
	accountsForAll(t, r)
	r.stop()
	up.stop()
}

func TestAStoppedReaderOfLogsSlowsNobodyAndIsToldWhatItMissed(t *testing.T) {
	h := newHome(t)
	dir := flood(h)
	up := h.up(dir)
	up.wait("begin")
	r := h.follow(dir)
	r.wait("begin")
	r.signal(syscall.SIGSTOP)
	touch(t, filepath.Join(dir, "go"))
	eventually(t, "the service has written everything", func() bool { return exists(filepath.Join(dir, "written")) })
	r.signal(syscall.SIGCONT)
	r.wait(`flood \| end`)
	accountsForAll(t, r)
	r.wait(`flood: \d+ bytes missed, which were written faster`)
	r.stop()
	up.stop()
}

func TestLogsFollowsFromOneRunIntoTheNext(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.api]\ncommand = \"echo I am $$; exec sleep 1000\"\nport = false\n")
	r := h.follow(dir) // before there is anything
	var said []string
	for range 2 {
		up := h.up(dir)
		line := up.wait(`api .*I am`)
		r.wait(regexp.QuoteMeta(line))
		said = append(said, line)
		up.stop()
	}
	r.stop()
	all := r.text()
	// A slow one begins in the midst of the first run, and that has no boundary then.
	if strings.Count(all, "I am") != 2 || !regexp.MustCompile(`(?s)I am.*── run of .*I am`).MatchString(all) {
		t.Errorf("want %q and a boundary between them:\n%s", said, all)
	}
}

func TestLogsAreThereAfterACrash(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.api]\ncommand = \"echo before the crash; printf 'and no end'; exec sleep 1000\"\nport = false\n")
	up := h.up(dir)
	up.wait("before the crash")
	eventually(t, "its last bytes are stored", func() bool {
		out, _, _ := h.output(dir, "logs")
		return strings.Contains(out, "and no end")
	})
	up.signal(syscall.SIGKILL)
	<-up.exited
	out, errs, code := h.output(dir, "logs", "api")
	if code != 0 || out != "api   | before the crash\napi   | and no end\n" {
		t.Errorf("exit code %d, %q, %s", code, out, errs)
	}
	eventually(t, "nothing is left", func() bool { return len(processes(dir)) == 0 })
}

func TestLhrunsOwnLinesOfARunAreKeptFromTheFirstToTheLast(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "name = \"shop\"\ndotenv = false\n[services.api]\ncommand = \"echo up; exec sleep 1000\"\nport = false\n")
	up := h.up(dir)
	up.wait("all ready")
	eventually(t, "they can be seen while it runs", func() bool {
		out, _, _ := h.output(dir, "logs", "lhrun")
		return strings.Contains(out, "all ready")
	})
	up.stop()
	out, _, _ := h.output(dir, "logs")
	inOrder := regexp.MustCompile(`(?s)^lhrun \| shop \(main\): starting 1 service\n.*` +
		`lhrun \| all ready in .*lhrun \| stopping; Ctrl-C again kills\n.*lhrun \| stopped 1 service in [^\n]*\n$`)
	if !inOrder.MatchString(out) || !strings.Contains(out, "\napi   | up\n") {
		t.Errorf("logs:\n%s", out)
	}
}
