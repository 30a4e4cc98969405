package control

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
)

// fake is a project that does what a test says.
type fake struct {
	snapshot func() Snapshot
	events   func(ctx context.Context, since uint64, each func(Event) error) error
	logs     func(ctx context.Context, q LogQuery, each func(LogLine) error) error
	ask      func(Request) (Answer, error)
	attach   func(ctx context.Context, keys <-chan Keys, each func(Shown) error) error

	mu    sync.Mutex
	asked []Request
}

func (f *fake) Snapshot(context.Context, bool) (Snapshot, error) {
	if f.snapshot == nil {
		return Snapshot{Project: "fake"}, nil
	}
	return f.snapshot(), nil
}

func (f *fake) Events(ctx context.Context, since uint64, each func(Event) error) error {
	if f.events == nil {
		<-ctx.Done()
		return nil
	}
	return f.events(ctx, since, each)
}

func (f *fake) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	if f.logs == nil {
		return nil
	}
	return f.logs(ctx, q, each)
}

func (f *fake) Attach(ctx context.Context, _ string, keys <-chan Keys, each func(Shown) error) error {
	if f.attach == nil {
		<-ctx.Done()
		return nil
	}
	return f.attach(ctx, keys, each)
}

func (f *fake) Ask(_ context.Context, r Request) (Answer, error) {
	if err := r.check(); err != nil {
		return Answer{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r)
	if f.ask == nil {
		return Answer{}, nil
	}
	return f.ask(r)
}

// serve serves p and returns the path of its socket.
func serve(t testing.TB, p Project) string {
	t.Helper()
	path := filepath.Join(shortDir(t), "run", "test.sock")
	s, err := Listen(path, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return path
}

func dialed(t testing.TB, path string) *Client {
	t.Helper()
	c, err := Dial(ctxOf(t), path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rawConn is a connection that speaks as a test likes.
func rawConn(t testing.TB, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.UnixConn)
}
