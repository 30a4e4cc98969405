//go:build linux || darwin || freebsd

package handoff

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"reflect"
	"testing"
	"time"
)

func pair(t *testing.T) (run, relay *net.UnixConn) {
	t.Helper()
	run, file, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	if relay, err = Conn(file); err != nil {
		t.Fatal(err)
	}
	file.Close()
	for _, c := range []*net.UnixConn{run, relay} {
		t.Cleanup(func() { c.Close() })
		_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	}
	return run, relay
}

func TestASocketIsHandedOver(t *testing.T) {
	run, relay := pair(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	state := &State{Edges: []EdgeState{{Socket: 7, From: "web", To: "api", Target: 1, Open: true}}, Hide: []string{"cookie"}}
	go func() {
		_ = Send(run, Message{Socket: &Socket{ID: 7, Kind: Edge}}, f)
		f.Close()
		_ = Send(run, Message{State: state}, nil)
		run.Close()
	}()
	m, got, err := Receive(relay)
	if err != nil || m.Socket == nil || *m.Socket != (Socket{ID: 7, Kind: Edge}) {
		t.Fatalf("%+v, %v", m, err)
	}
	theirs, err := net.FileListener(got)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	got.Close()
	go func() {
		if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
			c.Close()
		}
	}()
	if c, err := theirs.Accept(); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
	if m, got, err = Receive(relay); err != nil || got != nil || !reflect.DeepEqual(m.State, state) {
		t.Errorf("%+v, %v, %v", m, got, err)
	}
	if _, _, err := Receive(relay); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestWhatMakesNoSenseIsAnError(t *testing.T) {
	text := func(s string) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) }
	for name, data := range map[string][]byte{
		"too long":               binary.BigEndian.AppendUint32(nil, largest+1),
		"no JSON":                text("{"),
		"no descriptor":          text(`{"socket":{"id":1}}`),
		"ends within the length": {0, 0},
		"ends within the text":   append(binary.BigEndian.AppendUint32(nil, 9), "{}"...),
	} {
		run, relay := pair(t)
		go func() {
			_, _ = run.Write(data)
			run.Close()
		}()
		if m, f, err := Receive(relay); err == nil || f != nil {
			t.Errorf("%s: %+v, %v", name, m, f)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x02{}"))
	f.Add([]byte("\x00\x00\x00\x10{\"state\":{}}     "))
	f.Fuzz(func(t *testing.T, data []byte) {
		run, file, err := Pair()
		if err != nil {
			t.Skip(err)
		}
		relay, err := Conn(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		defer relay.Close()
		go func() {
			_, _ = run.Write(data)
			run.Close()
		}()
		for err == nil {
			var got *os.File
			_, got, err = Receive(relay)
			if got != nil {
				t.Fatal("a descriptor from nowhere")
			}
		}
	})
}
