package cli

import (
	"context"
	"os"
	"path/filepath"
	"testing"

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
