package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/run"
	"github.com/lhrun/lhrun/internal/view"
)

// dying ends as it is asked for the first time.
type dying struct {
	*fakeProject
	end func()
}

func (d dying) Snapshot(ctx context.Context, _ bool) (control.Snapshot, error) {
	d.end()
	<-ctx.Done()
	return control.Snapshot{}, ctx.Err()
}

func TestDownIsFineWhereTheRunEndsAsItIsAsked(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("XDG_RUNTIME_DIR", "")
	if err := os.WriteFile(filepath.Join(dir, "lhrun.toml"), []byte("name = \"shop\"\n[services.api]\ncommand = \"true\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	g := &globals{Terminal: view.Terminal{In: out, Out: out, Err: out}, Locate: run.Locate{Dir: dir}}
	p, err := g.Find()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := control.SocketPath(p.Checkout.Project, p.Checkout.Instance)
	if err != nil {
		t.Fatal(err)
	}
	var server *control.Server
	closed := make(chan error, 1)
	server, err = control.Listen(socket, dying{newFakeProject(control.Snapshot{}), func() { go func() { closed <- server.Close() }() }})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.down(t.Context(), downOptions{}); err != nil {
		t.Errorf("exit code %d: %v", exitCode(err), err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if said, _ := os.ReadFile(out.Name()); string(said) != "shop (main) does not run\n" {
		t.Errorf("it said %q", said)
	}
}

// down waits for the run that it asked, not for one that has taken its place.
func TestDownLeavesARunAloneThatBeginsMeanwhile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("XDG_RUNTIME_DIR", "")
	if err := os.WriteFile(filepath.Join(dir, "lhrun.toml"), []byte("name = \"shop\"\n[services.api]\ncommand = \"sleep 1000\"\nport = false\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	here := run.Locate{Dir: dir}
	next, err := run.Open(run.Options{Locate: here})
	if err != nil {
		t.Fatal(err)
	}
	screen := view.Terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}.Bare(true)
	if err := next.Prepare(screen); err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if _, err := next.Start(); err != nil {
		t.Fatal(err)
	}
	d := &shutdown{Locate: here, checkout: next.Checkout, asked: "the run before"}
	short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := d.awaitRelease(short); err != nil {
		t.Errorf("it waited for another run: %v", err)
	}
	now, err := next.Control().Snapshot(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	d.asked = now.Run
	short, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := d.awaitRelease(short); err == nil {
		t.Error("it did not wait for the run that it asked")
	}
	next.Stop()
	if err := <-next.Ended(); err != nil {
		t.Error(err)
	}
}
