package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheExampleFileRunsToReadyAndDown(t *testing.T) {
	h := newHome(t)
	dir := repository(t)
	if out, errs, code := h.output(dir, "check", "-f", "lhrun.toml.example"); code != 0 || errs != "" {
		t.Fatalf("check: %d %s %s", code, out, errs)
	}
	r := h.up(dir, "-f", "lhrun.toml.example")
	r.wait("all ready")
	out, _, _ := h.output(dir, "url", "api", "-f", "lhrun.toml.example")
	var status struct{ Web, Greeting string }
	if text := get(t, strings.TrimSpace(out)); json.Unmarshal([]byte(text), &status) != nil {
		t.Errorf("api says %q", text)
	}
	web, _, _ := h.output(dir, "url", "web", "-f", "lhrun.toml.example")
	if status.Web != strings.TrimSpace(web) || !strings.HasPrefix(status.Greeting, "hello from tour") {
		t.Errorf("api says %+v, web is at %s", status, web)
	}
	if text := get(t, status.Web+"/go.mod"); !strings.HasPrefix(text, "module ") {
		t.Errorf("web shows %.60q", text)
	}
	if got := r.texts("prepare"); len(got) != 1 {
		t.Errorf("the task wrote %q", got)
	}
	r.stop()
	noneLeft(t, dir)
}

func TestTheExampleProcfileRunsToReadyAndDown(t *testing.T) {
	h := newHome(t)
	dir := repository(t)
	r := h.up(dir, "-f", "Procfile.example")
	r.wait("all ready")
	out, _, _ := h.output(dir, "url", "web", "-f", "Procfile.example")
	r.wait(`worker +\| web is at ` + strings.TrimSpace(out))
	r.wait(`web +\| serving `)
	if text := get(t, strings.TrimSpace(out)+"/go.mod"); !strings.HasPrefix(text, "module ") {
		t.Errorf("web shows %.60q", text)
	}
	r.stop()
	noneLeft(t, dir)
}

// repository is the root of this checkout, where both examples lie.
func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
