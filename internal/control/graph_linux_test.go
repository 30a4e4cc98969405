//go:build !portable

package control

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAFailedLookIsNoGraph: not one without edges.
func TestAFailedLookIsNoGraph(t *testing.T) {
	h := build(t, service("x", "api"))
	ask := func() (Answer, error) {
		return h.Ask(context.Background(), Request{Verb: VerbGraph})
	}
	if a, err := ask(); err != nil || a.Graph == nil || len(a.Graph.Services) != 1 || len(a.Graph.Edges) != 0 {
		t.Fatalf("%+v, %v", a.Graph, err)
	}
	var was unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was)
	if err = errors.Join(err, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Max: was.Max})); err != nil {
		t.Fatal(err)
	}
	a, failed := ask()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(failed, unix.EMFILE) {
		t.Errorf("without descriptors: %+v, %v", a.Graph, failed)
	}
}
