package main

import (
	"strings"
	"testing"
)

func TestProcfileDevIsReadFirstAndSaid(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("Procfile", "web: echo deployed; exec sleep 1000\n", "Procfile.dev", "web: echo developed; exec sleep 1000\njobs: exec sleep 1000\n")
	if out, errs, code := h.output(dir, "check"); code != 0 || !strings.Contains(out+errs, "the processes are those of Procfile.dev, not of Procfile") {
		t.Errorf("check: %d %s %s", code, out, errs)
	}
	r := h.up(dir)
	r.wait(`jobs is ready after [0-9]+ms$`)
	r.wait("the processes are those of Procfile.dev, not of Procfile")
	r.wait("developed")
	r.stop()
	noneLeft(t, dir)
}

// A release that has ended ends nothing, and it is not begun with the others.
func TestAReleaseRunsOnlyByNameAndEndsNothing(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("Procfile", "release: echo migrated\nweb: echo serving; exec sleep 1000\n")
	r := h.up(dir)
	r.wait(`release is started only by name`)
	r.wait("serving")
	if got := r.texts("release"); len(got) != 0 {
		t.Errorf("release ran: %q", got)
	}
	if out, errs, code := h.output(dir, "start", "release"); code != 0 {
		t.Errorf("start release: %d %s %s", code, out, errs)
	}
	r.wait("migrated")
	r.wait("release completed")
	if out, errs, code := h.output(dir, "wait", "web"); code != 0 {
		t.Errorf("web is not there any more: %d %s %s", code, out, errs)
	}
	r.stop()
	noneLeft(t, dir)

	if out, errs, code := h.output(dir, "up", "release"); code != 0 || !strings.Contains(out, "migrated") {
		t.Errorf("up release: %d %s %s", code, out, errs)
	}
}

// A fixed port of a Procfile is the one that ps, url and others' variables name; a
// worker has no url.
func TestAProcfilesFixedPortIsNamedEverywhere(t *testing.T) {
	h := newHome(t)
	const fixed = "19473" // Nothing is started: only what is named matters.
	dir := h.checkout("Procfile", "web: ./serve --port "+fixed+"\nworker: ./work\n")
	out, errs, code := h.output(dir, "url", "web")
	if code != 0 || strings.TrimSpace(out) != "http://127.0.0.1:"+fixed {
		t.Errorf("url web: %d %q %s, want port %s", code, out, errs, fixed)
	}
	if out, errs, code := h.output(dir, "url", "worker"); code == 0 {
		t.Errorf("url worker: %q %s", out, errs)
	}
	if out, _, _ := h.output(dir, "env", "worker"); strings.Contains(out, "WORKER_URL") {
		t.Errorf("worker has a url:\n%s", out)
	}
}
