package cli

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// Only a request for this machine is answered: a stranger's page sends its own
// name, whatever address that name was made to have.
func TestServeKnowsItsOwnNames(t *testing.T) {
	for header, want := range map[string]bool{
		"localhost":                  true,
		"LOCALHOST:80":               true,
		"localhost.":                 true,
		"web.localhost:3000":         true,
		"127.0.0.1":                  true,
		"127.1.2.3:80":               true,
		"[::1]":                      true,
		"[::1]:80":                   true,
		"[::ffff:127.0.0.1]:80":      true,
		"":                           false,
		":80":                        false,
		"localhost.evil.example":     false,
		"evillocalhost":              false,
		"127.0.0.1.evil.example:80":  false,
		"evil.example":               false,
		"0.0.0.0":                    false,
		"[::]:80":                    false,
		"192.168.0.1:80":             false,
		"169.254.169.254":            false,
		"[fe80::1%lo]:80":            false,
		"2130706433":                 false,
		"localhost:80:evil.example:": false,
	} {
		if got := isLocalHost(header); got != want {
			t.Errorf("isLocalHost(%q) is %v", header, got)
		}
	}
}

func TestServeHidesDotfiles(t *testing.T) {
	for name, want := range map[string]bool{
		".":          false,
		"a.txt":      false,
		"a/b.c/d":    false,
		".git":       true,
		"a/.env":     true,
		"a/.git/x":   true,
		"..":         true,
		"a/../b":     true,
		"a/.well/..": true,
	} {
		if got := hidden(name); got != want {
			t.Errorf("hidden(%q) is %v", name, got)
		}
	}
}

func TestServeTakesLoopbackOnly(t *testing.T) {
	for host, want := range map[string]string{
		"":             "127.0.0.1",
		"localhost":    "127.0.0.1",
		"127.0.0.2":    "127.0.0.2",
		"::1":          "::1",
		"0.0.0.0":      "refused",
		"::":           "refused",
		"10.0.0.1":     "refused",
		"example.org":  "refused",
		"127.0.0.1:80": "refused",
	} {
		s, err := newServing(nil, host, "")
		if err != nil {
			s.host = "refused"
		}
		if s.host != want {
			t.Errorf("host %q gives %q, want %q", host, s.host, want)
		}
	}
}

func TestServeShowsNoDotfileBehindALink(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".env", ".git/config", "a/.env", "a/b/plain", "plain"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"env": ".env", "git": ".git", "a/up": "../.env", "a/b/twice": "../up", "around": "a/../.env", "root": ".", "self": "self",
		"absolute": filepath.Join(dir, "plain"), "out": "../x", "away": "missing",
		"fine": "plain", "a/b/top": "../../plain", "b": "a/b",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]string{
		"env": "", "git/config": "", "a/up": "", "a/b/twice": "", "b/twice": "", "around": "", "root/.env": "", "root/env": "",
		"self": "", "absolute": "", "out": "", "away": "", "root/root/a/up": "",
		"fine": "plain", "a/b/top": "plain", "b/top": "plain", "b/plain": "a/b/plain", "root/root/fine": "plain",
	} {
		got := ""
		if file, err := (visible{root}).Open("/" + name); err == nil {
			data, _ := io.ReadAll(file)
			got = string(data)
			_ = file.Close()
		}
		if got != want {
			t.Errorf("%s shows %q, want %q", name, got, want)
		}
	}
}

// oneConnection is a listener to which somebody has connected once.
type oneConnection struct{ conns chan net.Conn }

func (l oneConnection) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (l oneConnection) Close() error   { close(l.conns); return nil }
func (l oneConnection) Addr() net.Addr { return &net.TCPAddr{} }

func TestServeClosesIdleConnections(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	synctest.Test(t, func(t *testing.T) {
		server := fileServer(root, io.Discard, io.Discard)
		here, there := net.Pipe()
		l := oneConnection{make(chan net.Conn, 1)}
		l.conns <- there
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()
		begun := time.Now()
		if _, err := io.WriteString(here, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, here); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took != idleTime {
			t.Errorf("it was closed after %v", took)
		}
		_ = server.Close()
		<-served
	})
}
