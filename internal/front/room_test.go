package front

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestADoorTakesInAsManyAsItHasRoomFor, and the next one when one has gone: nobody is
// refused.
func TestADoorTakesInAsManyAsItHasRoomFor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(l, nil, 2)
	defer d.Close()
	in := make(chan net.Conn)
	go func() {
		for {
			c, err := d.Accept()
			if err != nil {
				close(in)
				return
			}
			in <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "x"); err != nil {
			t.Fatal(err)
		}
	}
	first, second := <-in, <-in
	defer second.Close()
	select {
	case <-in:
		t.Error("a third was taken in")
	case <-time.After(50 * time.Millisecond):
	}
	_ = first.Close()
	_ = first.Close() // Gives no room that it has not.
	third := <-in
	defer third.Close()
	if len(d.room) != 2 {
		t.Errorf("%d are in", len(d.room))
	}
}

// TestSilentConnectionsLeaveRoom: they give way before all of it is theirs.
func TestSilentConnectionsLeaveRoom(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(l, nil, 4)
	defer d.Close()
	for i := range 20 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if i == 19 {
			_, _ = io.WriteString(c, "x")
		}
	}
	began := time.Now()
	c, err := d.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if took := time.Since(began); took > silence/2 {
		t.Errorf("it was let in after %s", took)
	}
}

func TestOnlyALackOfDescriptorsPasses(t *testing.T) {
	for err, want := range map[error]bool{
		&net.OpError{Err: os.NewSyscallError("socket", syscall.EMFILE)}: true,
		syscall.ENFILE: true, syscall.ECONNREFUSED: false, io.EOF: false,
	} {
		if isFull(err) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
	if n := mostConnectionsIn(); n < 16 || uint64(n) > descriptors() {
		t.Errorf("room for %d of %d", n, descriptors())
	}
}

// TestAnUpgradedConnectionEndsInOneDirection, and the other one goes on: whichever side
// has finished first.
func TestAnUpgradedConnectionEndsInOneDirection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	heard := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		_, _ = io.WriteString(c, "welcome")
		_ = c.(*net.TCPConn).CloseWrite()
		said, _ := io.ReadAll(in)
		heard <- string(said)
	}()
	s := serve(t, l.Addr(), nil, nil)
	c, in := s.raw("GET / HTTP/1.1\nHost: " + webHost + "\nConnection: Upgrade\nUpgrade: x\n\n")
	if response, err := http.ReadResponse(in, nil); err != nil || response.StatusCode != 101 {
		t.Fatal(response, err)
	}
	if got, err := io.ReadAll(in); err != nil || string(got) != "welcome" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := io.WriteString(c, "all"); err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).CloseWrite()
	if got := <-heard; got != "all" {
		t.Errorf("the service heard %q", got)
	}
}
