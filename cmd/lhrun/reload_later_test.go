package main

import (
	"strings"
	"testing"
)

// What a reload can't bring about is told, by plan too, and only once.
func TestReloadSaysWhatWaitsForTheNextUp(t *testing.T) {
	h := newHome(t)
	text := "[services.db]\ncommand = 'exec sleep 1000'\nport = false\n"
	dir := h.checkout("lhrun.toml", text)
	h.up(dir).wait("all ready")
	h.write(dir, "lhrun.toml", text+"[logs]\nmax_size = '1MiB'\n")
	const note = "logs.max_size changed: it holds from the next \"lhrun up\" on"
	for _, verb := range []string{"plan", "reload"} {
		if out, errs, code := h.output(dir, verb); code != 0 || strings.Count(out+errs, note) != 1 {
			t.Errorf("%s: %d\n%s%s", verb, code, out, errs)
		}
	}
	if out, errs, code := h.output(dir, "plan"); code != 0 || strings.Contains(out+errs, note) {
		t.Errorf("plan after it: %d\n%s%s", code, out, errs)
	}
}
