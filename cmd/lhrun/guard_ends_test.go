package main

import (
	"strings"
	"syscall"
	"testing"
)

// TestTheNextVerbLeavesAKilledRunToItsGuard: the verb that comes at once after the kill of
// the supervisor waits until the guard is done, takes nothing from it and says what is so.
func TestTheNextVerbLeavesAKilledRunToItsGuard(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", idle)
	for i := range 8 {
		if out, errs, code := h.background(dir); code != 0 {
			t.Fatalf("exit code %d: %s%s", code, out, errs)
		}
		_, supervisor := h.record()
		verb := []string{"ps", "why", "logs", "down"}[i%4]
		args := []string{verb}
		if verb == "why" {
			args = append(args, "a")
		}
		if err := syscall.Kill(supervisor, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		out, errs, _ := h.output(dir, args...)
		for _, lie := range []string{"left by a run that was killed", "just starting", "and its guard were killed"} {
			if strings.Contains(out+errs, lie) {
				t.Errorf("%s says %q: %s%s", verb, lie, out, errs)
			}
		}
		eventually(t, "the log says how the run ended", func() bool {
			out, _, _ := h.output(dir, "logs", "--run", "0")
			return strings.Contains(out, "was killed; its guard has ended its services")
		})
	}
}
