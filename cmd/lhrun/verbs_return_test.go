package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// crossed is a project in which verbs get in each other's way: services that take their
// time to end, tasks, and edges that carry restarts on.
const crossed = `
dotenv = false
[services.db]
command = "trap 'sleep 0.4; exit 0' TERM; while :; do sleep 0.05; done"
port = false
[services.migrate]
type = "task"
command = "sleep 0.1"
depends_on = ["db"]
[services.api]
command = "trap 'sleep 0.2; exit 0' TERM; while :; do sleep 0.05; done"
port = false
depends_on = { db = "ready", migrate = "completed" }
[services.web]
command = "exec sleep 1000"
port = false
depends_on = { api = { condition = "ready", restart = true } }
[services.odd]
command = "sleep 0.3; exit 3"
port = false
restart = { policy = "on-failure", backoff = "100ms", max_restarts = 2 }
`

// TestEveryVerbReturns starts verbs at random, many at once: each ends, whatever the
// others do, with an exit code that says how, and a word where that is not 0.
func TestEveryVerbReturns(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", crossed)
	if out, errs, code := h.background(dir); code > 1 { // odd may have failed by then.
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	r := rand.New(rand.NewPCG(7, 7))
	for round := range 12 {
		var wg sync.WaitGroup
		for range 4 {
			args := randomVerb(r)
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				cmd := h.command(dir, args...)
				var said lockedBuffer
				cmd.Stdout, cmd.Stderr = &said, &said
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				ended := make(chan struct{})
				go func() { _ = cmd.Wait(); close(ended) }()
				select {
				case <-ended:
				case <-ctx.Done():
					_ = cmd.Process.Signal(os.Kill)
					t.Errorf("round %d: %q never returned; it said %q", round, args, said.String())
					<-ended
					return
				}
				code := cmd.ProcessState.ExitCode()
				if !slices.Contains([]int{0, 1, 4}, code) {
					t.Errorf("round %d: %q ended with code %d: %s", round, args, code, said.String())
				}
				if code != 0 && strings.TrimSpace(said.String()) == "" {
					t.Errorf("round %d: %q ended with code %d without a word", round, args, code)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			break
		}
	}
	if out, errs, code := h.output(dir, "down"); code != 0 {
		t.Errorf("down: exit code %d: %s%s", code, out, errs)
	}
}

func randomVerb(r *rand.Rand) []string {
	names := []string{"db", "migrate", "api", "web", "odd"}
	name := names[r.IntN(len(names))]
	switch r.IntN(8) {
	case 0, 1:
		return []string{"start", name}
	case 2, 3:
		return []string{"stop", name}
	case 4:
		return []string{"restart", name}
	case 5:
		return []string{"up", "-d", name, "--timeout", fmt.Sprint(2+r.IntN(3), "s")}
	case 6:
		return []string{"run", "--with", name, "--timeout", "3s", "--", "true"}
	}
	return []string{"wait", name, "--timeout", "2s"}
}

// TestAVerbThatAnotherSupersedesSaysSo, and ends: both verbs wait for the contrary.
func TestAVerbThatAnotherSupersedesSaysSo(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", strings.ReplaceAll(crossed, "sleep 0.4; exit 0", "sleep 2; exit 0"))
	if out, errs, code := h.background(dir); code > 1 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	stop := h.start(h.command(dir, "stop", "db"))
	stop.wait("also stopping")
	if out, errs, code := h.output(dir, "start", "db", "api"); code != 0 {
		t.Errorf("start: exit code %d: %s%s", code, out, errs)
	}
	code := stop.code()
	if text := stop.text() + stop.errs.String(); code != 1 || !strings.Contains(text, "was started again meanwhile, by another lhrun") {
		t.Errorf("stop ended with code %d: %s", code, text)
	}
	if out, errs, code := h.output(dir, "down"); code != 0 {
		t.Errorf("down: exit code %d: %s%s", code, out, errs)
	}
}
