package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Whoever reads lhrun's output has stalled, so a service's pipe is full when it ends.
// Each line that it wrote is on disk all the same.
func TestAStalledReaderLosesNoLineHoweverItEnds(t *testing.T) {
	passOnHangUps(t)
	ends := map[string]func(h *home, dir string, r *os.Process){
		"by down":              func(h *home, dir string, _ *os.Process) { h.output(dir, "down") },
		"by SIGQUIT":           func(_ *home, _ string, p *os.Process) { _ = p.Signal(syscall.SIGQUIT) },
		"by SIGHUP":            func(_ *home, _ string, p *os.Process) { _ = p.Signal(syscall.SIGHUP) },
		"by the guard's death": func(_ *home, _ string, p *os.Process) { _ = p.Kill() },
	}
	for how, end := range ends {
		t.Run(how, func(t *testing.T) {
			h := newHome(t)
			dir := h.checkout("lhrun.toml", `
dotenv = false
[services.talker]
command = "pad=$(printf %0200d 0); i=0; while :; do i=$((i+1)); echo line $i of what it has to say $pad; echo $i >wrote; done"
port = false
`)
			lhrun, exited := h.unread(dir)
			wrote := func() int {
				data, _ := os.ReadFile(filepath.Join(dir, "wrote"))
				n, _ := strconv.Atoi(strings.TrimSpace(string(data)))
				return n
			}
			eventually(t, "it waits for whoever reads", func() bool {
				n := wrote()
				time.Sleep(time.Second)
				return n > 0 && wrote() == n
			})
			end(h, dir, lhrun)
			select {
			case <-exited:
			case <-time.After(patience):
				t.Fatal("lhrun does not end")
			}
			eventually(t, "all of it has ended", func() bool { return len(living(dir)) == 0 })
			lines := strings.Split(strings.TrimSpace(storedLog(t, h, "talker")), "\n")
			if n := wrote(); len(lines) < n {
				t.Errorf("%d lines are kept, %d were written", len(lines), n)
			}
			for i, line := range lines[:len(lines)-1] {
				if line != "line "+strconv.Itoa(i+1)+" of what it has to say "+strings.Repeat("0", 200) {
					t.Fatalf("line %d is %.50q", i+1, line)
				}
			}
		})
	}
}
