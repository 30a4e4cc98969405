package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// TestAQuestionIsAnswered: here and through the socket.
func TestAQuestionIsAnswered(t *testing.T) {
	for _, c := range []struct {
		name string
		of   func(*house) Attacher
	}{
		{"here", func(h *house) Attacher { return h.Local }},
		{"socket", func(h *house) Attacher { return h.dial() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			api := service("answer", "api")
			api.TTY = true
			h := build(t, api)
			if _, err := h.Ask(ctxOf(t), Request{Verb: supervisor.VerbStart}); err != nil {
				t.Fatal(err)
			}
			keys := make(chan Keys)
			var screen bytes.Buffer
			typed := sync.OnceFunc(func() {
				keys <- Keys{Rows: 10, Cols: 40}
				keys <- Keys{Typed: []byte("yes\n")}
			})
			left := sync.OnceFunc(func() { close(keys) })
			err := c.of(h).Attach(ctxOf(t), "api", keys, func(s Shown) error {
				screen.Write(s.Output)
				if strings.HasSuffix(screen.String(), "sure? ") {
					go typed()
				}
				if strings.HasSuffix(screen.String(), "so it is yes\r\n") {
					left()
				}
				return nil
			})
			if err != nil || !strings.Contains(screen.String(), "sure? yes\r\nso it is yes\r\n") {
				t.Errorf("%v, %q", err, screen.String())
			}
		})
	}
}

func TestAttachingToWhatCannotBe(t *testing.T) {
	h := build(t, service("idle", "api"))
	for _, of := range []Attacher{h.Local, h.dial()} {
		for name, want := range map[string]string{"api": "has no terminal", "no": `there is no service "no"`} {
			var m *Mistake
			err := of.Attach(ctxOf(t), name, nil, func(Shown) error { return nil })
			if !errors.As(err, &m) || !strings.Contains(m.Text, want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestTheEndOfAProjectEndsAttachments(t *testing.T) {
	api := service("idle", "api")
	api.TTY = true
	h := build(t, api)
	for _, of := range []Attacher{h.Local, h.dial()} {
		defer func(ended <-chan error) {
			if err := <-ended; !errors.Is(err, ErrEnded) {
				t.Errorf("it ends with %v", err)
			}
		}(attached(t, of))
	}
	h.down()
}

// attached returns once somebody is attached.
func attached(t *testing.T, p Attacher) (ended <-chan error) {
	t.Helper()
	begun, done := make(chan struct{}, 100), make(chan error, 1)
	go func() {
		done <- p.Attach(ctxOf(t), "api", nil, func(Shown) error {
			begun <- struct{}{}
			return nil
		})
	}()
	<-begun
	return done
}

// TestBytesAreTypedAndShownAsTheyAre: whatever they are, and however many at once.
func TestBytesAreTypedAndShownAsTheyAre(t *testing.T) {
	all := make([]byte, 0, 300<<10)
	for i := range cap(all) {
		all = append(all, byte(i*i>>3+i))
	}
	p := &fake{attach: func(_ context.Context, keys <-chan Keys, each func(Shown) error) error {
		for k := range keys {
			if len(k.Typed) > maxTyped {
				t.Errorf("%d bytes at once", len(k.Typed))
			}
			if err := each(Shown{Output: k.Typed}); err != nil {
				return err
			}
		}
		return nil
	}}
	keys := make(chan Keys, 3)
	keys <- Keys{Typed: all[:10]}
	keys <- Keys{Typed: all[10:]}
	close(keys)
	var back bytes.Buffer
	err := dialed(t, serve(t, p)).Attach(ctxOf(t), "api", keys, func(s Shown) error {
		back.Write(s.Output)
		return nil
	})
	if err != nil || !bytes.Equal(back.Bytes(), all) {
		t.Errorf("%v; %d of %d bytes came back as they were", err, back.Len(), len(all))
	}
}

// TestKeysThatNobodyTakesAreTold: and the end of whoever typed them is noticed.
func TestKeysThatNobodyTakesAreTold(t *testing.T) {
	left := make(chan struct{})
	p := &fake{attach: func(ctx context.Context, _ <-chan Keys, _ func(Shown) error) error {
		defer close(left)
		<-ctx.Done()
		return nil
	}}
	keys := make(chan Keys, 1)
	keys <- Keys{Typed: []byte("x")}
	gone := errors.New("gone")
	err := dialed(t, serve(t, p)).Attach(ctxOf(t), "api", keys, func(s Shown) error {
		if s.Untaken {
			return gone
		}
		return nil
	})
	if !errors.Is(err, gone) {
		t.Error(err)
	}
	select {
	case <-left:
	case <-time.After(patience):
		t.Error("it stays attached")
	}
}

func TestFramesThatAreNoneAreRefused(t *testing.T) {
	path := serve(t, &fake{})
	for frame, want := range map[string]string{
		`{"typed":1}` + "\n":             "cannot read the request",
		`{"what":1}` + "\n":              `unknown field`,
		strings.Repeat("x", maxKeys+100): "token too long",
	} {
		conn := rawConn(t, path)
		_ = conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "POST /attach?service=api HTTP/1.1\r\n%sConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", head, len(frame), frame)
		answer, _ := io.ReadAll(conn)
		if !strings.Contains(string(answer), want) || !strings.Contains(string(answer), `"kind":"mistake"`) {
			t.Errorf("%.30q is answered %q", frame, answer)
		}
	}
}

// TestALostClientLeaves: killed, in the middle of a frame or not.
func TestALostClientLeaves(t *testing.T) {
	left, begun := make(chan struct{}), make(chan struct{})
	path := serve(t, &fake{attach: func(ctx context.Context, _ <-chan Keys, _ func(Shown) error) error {
		begun <- struct{}{}
		<-ctx.Done()
		left <- struct{}{}
		return nil
	}})
	for _, sent := range []string{"", "5\r\n{\"ty", "3\r\n{}\n\r\n"} {
		conn := rawConn(t, path)
		fmt.Fprintf(conn, "POST /attach?service=api HTTP/1.1\r\n%sTransfer-Encoding: chunked\r\n\r\n%s", head, sent)
		<-begun
		_ = conn.Close()
		select {
		case <-left:
		case <-time.After(patience):
			t.Fatalf("behind %q it stays", sent)
		}
	}
}
