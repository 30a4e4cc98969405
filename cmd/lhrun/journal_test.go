package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

// journalFile is the one journal of h.
func (h *home) journalFile() string {
	found, _ := filepath.Glob(filepath.Join(h.dir, "state", "lhrun", "projects", "*", "*", "journal.jsonl"))
	if len(found) != 1 {
		h.t.Fatalf("there are %d journals", len(found))
	}
	return found[0]
}

const journalled = `
dotenv = false
[services.shell]
command = "sleep 1000"
port = false
`

// TestTheJournalOutlivesAKill: of the supervisor, of both halves, and the run after it.
func TestTheJournalOutlivesAKill(t *testing.T) {
	for name, kill := range map[string]func(r *run){
		"the supervisor": func(r *run) {
			_ = syscall.Kill(supervisorOf(r.cmd.Process.Pid), syscall.SIGKILL)
			r.code()
		},
		"both halves": func(r *run) { killBoth(r) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "both halves" {
				systems.Need(t, systems.Leaders)
			}
			h := newHome(t)
			dir := h.checkout("lhrun.toml", journalled)
			r := h.up(dir)
			r.wait("all ready")
			// Written within 100 ms; ten times that is for a machine that is busy.
			time.Sleep(time.Second)
			kill(r)
			out := h.ok(dir, "events")
			if !strings.Contains(out, "shell    ready") || strings.Count(out, "  killed     lhrun (pid ") != 1 {
				t.Errorf("after the kill:\n%s", out)
			}
			// What a crash has torn is cut.
			f, err := os.OpenFile(h.journalFile(), os.O_WRONLY|os.O_APPEND, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString(`{"n":77,"time":"20`); err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
			next := h.up(dir)
			next.wait("all ready")
			next.stop()
			again := h.ok(dir, "events")
			if rest, ok := strings.CutPrefix(again, out); !ok || strings.Count(rest, "── run of") != 1 || !strings.HasSuffix(rest, "  end\n") {
				t.Errorf("after another run:\n%s", again)
			}
			if info, err := os.Stat(h.journalFile()); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

// TestADirectoryInThePlaceOfTheJournalEndsNothing: it is told once, and the run goes on.
func TestADirectoryInThePlaceOfTheJournalEndsNothing(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", journalled)
	first := h.up(dir)
	first.wait("all ready")
	first.stop()
	path := h.journalFile()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	r := h.up(dir)
	r.wait("all ready")
	r.wait(`cannot keep the journal, so "lhrun events" will lack something`)
	r.stop()
	if n := strings.Count(r.text(), "cannot keep the journal"); n != 1 {
		t.Errorf("told %d times:\n%s", n, r.text())
	}
}
