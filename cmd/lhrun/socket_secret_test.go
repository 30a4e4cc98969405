package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// askSocket sends a request to the run's socket as any program of the user may, and
// returns what comes within a second.
func askSocket(t *testing.T, h *home, method, path, body string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(h.dir, "run/lhrun/*.sock"))
	if err != nil || len(found) != 1 {
		t.Fatalf("sockets: %v, %v", found, err)
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", found[0])
		},
	}}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://lhrun"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Lhrun-Protocol", "1")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body) // A stream of events does not end by itself.
	return string(answer)
}

// TestTheSocketTellsNoSecret asks the socket itself rather than a verb, so that no view
// has to hide anything: reasons, last lines, notices, URLs, and what plan and reload say.
func TestTheSocketTellsNoSecret(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.probed]
command = "exec sleep 1000"
env = { DB_PASSWORD = "correct-horse", API_TOKEN = "battery-staple" }
url = "postgres://app:correct-horse@{{host}}:{{port}}/shop"
ready = { exec = "echo cannot log in with correct-horse; exit 1" }
[services.crashed]
command = "echo the token battery-staple is wrong; exit 3"
port = false
restart = "no"
[services.missing]
command = ["no-such-battery-staple"]
port = false
[services.unstoppable]
command = "exec sleep 1000"
port = false
stop = { command = "echo no stop for correct-horse; exit 1" }
`)
	r := h.up(dir)
	r.wait("crashed failed")
	r.wait("missing failed")
	for limit := time.Now().Add(patience); !strings.Contains(askSocket(t, h, "GET", "/snapshot?usage=true", ""), "cannot log in with"); {
		if time.Now().After(limit) {
			t.Fatal("the probe's answer never came")
		}
	}
	if _, errs, code := h.output(dir, "restart", "unstoppable"); code != 0 {
		t.Fatal(errs)
	}
	h.write(dir, "lhrun.local.toml", "[services.probed.env]\nAPI_TOKEN = \"tr0ubador-and-3\"\n")
	for _, ask := range []struct{ method, path, body, holds string }{
		{"GET", "/snapshot?usage=true", "", "cannot log in with ***"},
		{"GET", "/snapshot?usage=false", "", "app:***@"},
		{"GET", "/events?since=0", "", "the token *** is wrong"},
		{"GET", "/events?since=0", "", "no stop for ***"},
		{"POST", "/ask", `{"verb":"plan"}`, "API_TOKEN"},
		{"POST", "/ask", `{"verb":"reload"}`, "API_TOKEN"},
	} {
		answer := askSocket(t, h, ask.method, ask.path, ask.body)
		if !strings.Contains(answer, ask.holds) {
			t.Errorf("%s %s: no %q in %s", ask.method, ask.path, ask.holds, answer)
		}
		for _, secret := range []string{"correct-horse", "battery-staple", "tr0ubador-and-3"} {
			if strings.Contains(answer, secret) {
				t.Errorf("%s %s tells %q: %s", ask.method, ask.path, secret, answer)
			}
		}
	}
	r.stop()
}
