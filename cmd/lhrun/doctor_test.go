package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestDoctorNamesWhoSitsOnAPortAndSaysHowToFreeIt(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", serverConfig(t)+"[services.fixed]\ncommand = \"true\"\nport = 18996\n")
	stranger := h.squatter(h.port(dir, "api"))
	out, _, code := h.output(dir, "doctor")
	if want := fmt.Sprintf("is held by pid %d (", stranger.Process.Pid); code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "-> lhrun ports free api\n") {
		t.Errorf("exit code %d, no %q in\n%s", code, want, out)
	}
	h.squatter(18996)
	if out, _, code := h.output(dir, "doctor"); code != 1 || !strings.Contains(out, "fail  ports     port 18996 of fixed is held by pid") {
		t.Errorf("a fixed port that is taken: exit code %d\n%s", code, out)
	}
}

func TestDoctorNamesWhatAKilledRunHasLeftAndLeavesItAlone(t *testing.T) {
	h := newHome(t)
	left := exec.Command("sleep", "1000")
	left.Env = append(os.Environ(), "LHRUN_RUN=0123456789abcdef-1")
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = left.Process.Kill(); _ = left.Wait() })
	state := filepath.Join(h.dir, "state", "lhrun", "projects", "shop", "main")
	if err := os.MkdirAll(state, 0o700); err != nil {
		t.Fatal(err)
	}
	record := `{"run":"0123456789abcdef","supervisor":{"pid":99999999,"start":1},"guard":{"pid":99999998,"start":1},"processes":null}`
	if err := os.WriteFile(filepath.Join(state, "run.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, _ := h.output(t.TempDir(), "doctor")
	if want := fmt.Sprintf("pid %d (sleep 1000) was left by a run of shop (main) that was killed", left.Process.Pid); !strings.Contains(out, want) {
		t.Errorf("no %q in\n%s", want, out)
	}
	if err := left.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error("it was ended:", err)
	}
}

// What is kept of services and checkouts that are gone is named, and in the end removed.
func TestDoctorNamesWhatIsKeptOfWhatIsGone(t *testing.T) {
	h := newHome(t)
	const api = "[services.api]\ntype = \"task\"\ncommand = \"echo api\"\n"
	dir := h.checkout("lhrun.toml", "dotenv = false\n"+api+"[services.old]\ntype = \"task\"\ncommand = \"echo old\"\n")
	if code := h.up(dir).code(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if out, _, _ := h.output(dir, "doctor"); strings.Contains(out, "no longer in the file") {
		t.Errorf("too early:\n%s", out)
	}
	h.write(dir, "lhrun.toml", "dotenv = false\n"+api)
	if out, _, code := h.output(dir, "doctor"); code != 0 || !strings.Contains(out, "are kept of what is no longer in the file, and go in time: old\n") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	kept, _ := filepath.Glob(filepath.Join(h.dir, "state/lhrun/projects/*/*/logs/old.log"))
	if len(kept) != 1 {
		t.Fatalf("logs of old: %q", kept)
	}
	logs := filepath.Dir(kept[0])
	past := time.Now().AddDate(0, 0, -30)
	var runs strings.Builder
	for i := range 25 {
		fmt.Fprintf(&runs, "%d %d x\n", past.Unix()+int64(i), past.UnixNano()+int64(i))
	}
	h.write(logs, "runs", runs.String())
	for _, ext := range []string{".log", ".idx"} {
		if err := os.Chtimes(filepath.Join(logs, "old"+ext), past.Add(-time.Hour), past.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if code := h.up(dir).code(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	if exists(filepath.Join(logs, "old.log")) || !exists(filepath.Join(logs, "api.log")) {
		t.Error("the log of old is still there, or that of api is not")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	out, _, _ := h.output(t.TempDir(), "doctor")
	if !strings.Contains(out, "are kept of "+dir+", which is gone\n") || !strings.Contains(out, "-> rm -r '"+filepath.Dir(logs)+"'\n") {
		t.Errorf("the checkout that is gone is not named:\n%s", out)
	}
}
