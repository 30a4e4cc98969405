package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

const linesEach = 60_000

// wantLines are what the writer of TestEveryLineIsThere writes.
func wantLines(name string) []string {
	out := make([]string, 0, linesEach)
	for i := range linesEach {
		switch {
		case i%97 == 0:
			out = append(out, "")
		case i%13 == 0:
			out = append(out, fmt.Sprintf("%s %d žluťoučký kůň 馬 🐎", name, i))
		default:
			out = append(out, fmt.Sprintf("%s %d", name, i))
		}
	}
	return append(out, name+" in two writes", name+" unterminated")
}

func TestEveryLineIsThereWholeAndInOrder(t *testing.T) {
	h := newHome(t)
	config := "dotenv = false\n"
	var files []string
	for _, name := range []string{"a", "b", "c"} {
		want := wantLines(name)
		files = append(files, name+".txt", strings.Join(want[:linesEach], "\n")+"\n")
		config += fmt.Sprintf("[services.%[1]s]\ntype = \"task\"\ncommand = \"cat %[1]s.txt; printf '%[1]s in two'; sleep 0.1; echo ' writes'; printf '%[1]s unterminated'\"\n", name)
	}
	dir := h.checkout(append(files, "lhrun.toml", config)...)
	r := h.up(dir)
	if code := r.code(); code != 0 {
		t.Fatalf("exit code %d: %s", code, &r.errs)
	}
	for _, name := range []string{"a", "b", "c"} {
		want := wantLines(name)
		compareLines(t, "screen, "+name, r.texts(name), want)
		compareLines(t, "store, "+name, strings.Split(storedLog(t, h, name), "\n"), want)
	}
}

func compareLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d lines, want %d", what, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: line %d is %q, want %q", what, i, got[i], want[i])
			return
		}
	}
}

// storedLog is everything that the store on disk holds of a service, as it was
// written.
func storedLog(t *testing.T, h *home, service string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/logs", service+"*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stored log of %s: %v", service, err)
	}
	var all bytes.Buffer
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return strings.TrimSuffix(all.String(), "\n")
}

func TestAHugeLineCostsNoMemory(t *testing.T) {
	need(t, "head", "tr")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.huge]
command = "head -c 300000000 /dev/zero | tr '\\0' x; echo; echo written; exec sleep 1000"
port = false
ready = { log = "^written$" }
`)
	cmd := h.command(dir, "up")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	cmd.Stdout = null
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	supervisor := 0
	eventually(t, "the line is stored", func() bool {
		if supervisor == 0 {
			if pids := children(t, cmd.Process.Pid); len(pids) == 1 {
				supervisor = pids[0]
			}
			return false
		}
		files, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/logs/huge*.log"))
		for _, f := range files {
			if data, err := os.ReadFile(f); err == nil && bytes.HasSuffix(data, []byte("x\nwritten\n")) {
				return true
			}
		}
		return false
	})
	for _, pid := range []int{cmd.Process.Pid, supervisor} {
		if peak := peakMemory(t, pid); peak > 64<<20 {
			t.Errorf("pid %d took %d MB", pid, peak>>20)
		}
	}
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	noneLeft(t, dir)
}

func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("no /proc here")
	}
	_, rest, _ := strings.Cut(string(data), "VmHWM:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

func TestAPromptIsShownSoon(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ncommand = \"printf 'Password: '; exec sleep 1000\"\nport = false\n")
	cmd := h.command(dir, "up")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	got, buf, begin := "", make([]byte, 4096), time.Now()
	for !strings.Contains(got, "Password: ") {
		n, err := out.Read(buf)
		if err != nil || time.Since(begin) > patience {
			t.Fatalf("no prompt: %q", got)
		}
		got += string(buf[:n])
	}
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
}

func TestJSONStreamHasTheFieldsOfHclog(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ntype = \"task\"\ncommand = \"echo 'say \\\"hi\\\"'; printf 'bad \\\\377'\"\n")
	r := h.up(dir, "--log-format", "json")
	if code := r.code(); code != 0 {
		t.Fatalf("exit code %d: %s", code, r.text())
	}
	modules := map[string][]string{}
	for _, line := range r.lines {
		var o struct {
			Level     string    `json:"@level"`
			Message   string    `json:"@message"`
			Module    string    `json:"@module"`
			Timestamp time.Time `json:"@timestamp"`
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if o.Level == "" || o.Timestamp.IsZero() {
			t.Errorf("%q has no level or no time", line)
		}
		modules[o.Module] = append(modules[o.Module], o.Message)
	}
	if got := modules["a"]; len(got) != 2 || got[0] != `say "hi"` || got[1] != "bad \uFFFD" {
		t.Errorf("messages of a: %q", got)
	}
	if len(modules["lhrun"]) == 0 {
		t.Error("lhrun says nothing of its own")
	}
}

func TestNoEscapesIntoAPipe(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
type = "task"
command = "printf '\\033[31mred\\033[0m \\033[2J\\033]0;title\\007end\\n'"
`)
	r := h.up(dir)
	if code := r.code(); code != 0 {
		t.Fatalf("exit code %d: %s", code, r.text())
	}
	if got := r.texts("a"); len(got) != 1 || got[0] != "red end" {
		t.Errorf("a wrote %q", got)
	}
	if strings.Contains(r.text(), "\x1b") {
		t.Errorf("an escape went into a pipe: %q", r.text())
	}
}

// A bar that is drawn again with carriage returns is one line, in its last state.
func TestAProgressBarIsOneLine(t *testing.T) {
	need(t, "seq")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
type = "task"
command = "for i in $(seq 0 100); do printf '\\r%d%%' $i; sleep 0.01; done; printf '\\nend\\n'"
`)
	r := h.up(dir)
	if code := r.code(); code != 0 {
		t.Fatalf("exit code %d: %s", code, r.text())
	}
	if got := strings.Join(r.texts("a"), "|"); got != "100%|end" {
		t.Errorf("a wrote %q", got)
	}
	if out, _, _ := h.output(dir, "logs", "a"); out != "a     | 100%\na     | end\n" {
		t.Errorf("logs: %q", out)
	}
	if !strings.HasPrefix(storedLog(t, h, "a"), "\r0%\r1%") {
		t.Error("what it wrote is not kept as it was written")
	}
}

// A program on a terminal of its own draws over its line, and knows how much room the
// name before it leaves.
func TestASpinnerEndsInALineThatReadyFinds(t *testing.T) {
	need(t, "stty")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.a]
command = "stty size; printf '\\033[?25l\\033[1G\\033[0K- Building'; sleep 0.4; printf '\\033[1G\\033[2KBuilt\\n'; exec sleep 1000"
port = false
tty = true
ready = { log = "^Built" }
`)
	screen, terminal, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	defer screen.Close()
	if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	cmd := h.command(dir, "up")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.Close()
	var shown strings.Builder
	for buf := make([]byte, 4096); !strings.Contains(shown.String(), "all ready"); {
		n, err := screen.Read(buf)
		if err != nil {
			t.Fatalf("%v: %q", err, shown.String())
		}
		shown.Write(buf[:n])
	}
	_ = cmd.Process.Signal(os.Interrupt)
	go io.Copy(io.Discard, screen)
	_ = cmd.Wait()
	out, _, _ := h.output(dir, "logs", "a")
	if out != "a     | 24 72\na     | Built\n" {
		t.Errorf("logs: %q", out)
	}
}

func TestAFullDiskBehindTheOutputStopsNothing(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no /dev/full: %v", err)
	}
	defer full.Close()
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ncommand = \"until [ -e go ]; do echo line; sleep 0.1; done; echo went; exec sleep 1000\"\nport = false\n")
	cmd := h.command(dir, "up")
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the service has begun", func() bool {
		out, _, _ := h.output(dir, "logs")
		return strings.Contains(out, "line") && strings.Contains(out, "lhrun | cannot write the output: ")
	})
	touch(t, filepath.Join(dir, "go"))
	eventually(t, "the service goes on", func() bool {
		out, _, _ := h.output(dir, "logs")
		return strings.Contains(out, "went")
	})
	_ = cmd.Process.Signal(os.Interrupt)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 130 && code != -1 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(errs.String(), "no space left on device"); n != 1 {
		t.Errorf("told %d times: %s", n, &errs)
	}
	noneLeft(t, dir)
}
