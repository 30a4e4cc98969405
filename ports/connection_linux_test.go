//go:build !portable

package ports

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func needDiag(t testing.TB) {
	t.Helper()
	d, err := openDiag()
	if err != nil {
		t.Skip("no socket diagnosis here:", err)
	}
	d.close()
}

// dialled is a connection of this process to itself.
type dialled struct {
	client, server net.Conn
	up, down       uint64 // what was sent so far
}

// dial makes a connection to l, and closes it with the test.
func dial(t testing.TB, l net.Listener) dialled {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); s.Close() })
	return dialled{client: c, server: s}
}

func listenAt(t testing.TB, network, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// between is the connection from one address to another, where there is one.
func between(t testing.TB, from, to net.Addr) (Connection, bool) {
	t.Helper()
	all, err := Connections()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(c Connection) bool {
		return c.Client.Addr == unmapped(from) && c.Server.Addr == unmapped(to)
	})
	if at < 0 {
		return Connection{}, false
	}
	return all[at], true
}

// counted is d as Connections tells of it.
func (d dialled) counted(t testing.TB) (Connection, bool) {
	t.Helper()
	return between(t, d.client.LocalAddr(), d.server.LocalAddr())
}

// unmapped is a as the package writes addresses.
func unmapped(a net.Addr) netip.AddrPort {
	p := addrPort(a)
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}

func inodeOf(t testing.TB, c syscall.Conn) (inode uint64) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &st) }); err != nil {
		t.Fatal(err)
	}
	return st.Ino
}

// TestConnectionsCountWhatWasSent, in both families and through wildcards, with the client
// and the server told apart.
func TestConnectionsCountWhatWasSent(t *testing.T) {
	needDiag(t)
	for _, at := range []struct{ network, listen string }{
		{"tcp4", "127.0.0.1:0"}, {"tcp4", "0.0.0.0:0"}, {"tcp6", "[::1]:0"}, {"tcp6", "[::]:0"}, {"tcp", "[::]:0"},
	} {
		t.Run(at.network+at.listen, func(t *testing.T) {
			l := listenAt(t, at.network, at.listen)
			c := dial(t, l)
			for range 20 {
				up, down := rand.IntN(100_000), rand.IntN(100_000)
				go func() { c.client.Write(make([]byte, up)) }()
				go func() { c.server.Write(make([]byte, down)) }()
				_, err1 := io.CopyN(io.Discard, c.server, int64(up))
				_, err2 := io.CopyN(io.Discard, c.client, int64(down))
				got, ok := c.counted(t)
				if err := errors.Join(err1, err2); err != nil || !ok {
					t.Fatal(err, ok)
				}
				c.up, c.down = c.up+uint64(up), c.down+uint64(down)
				if got.Up != c.up || got.Down != c.down {
					t.Fatalf("%d up and %d down are counted as %d and %d", c.up, c.down, got.Up, got.Down)
				}
			}
			got, _ := c.counted(t)
			if got.Client.ID != inodeOf(t, c.client.(*net.TCPConn)) || got.Server.ID != inodeOf(t, c.server.(*net.TCPConn)) {
				t.Errorf("other sockets: %+v", got)
			}
			if got.RTT <= 0 || got.RTT > 10*time.Second {
				t.Errorf("a round trip takes %s", got.RTT)
			}
		})
	}
}

// TestAConnectionThatNobodyHasAcceptedIsTheListeners: who calls a service that hangs is
// seen.
func TestAConnectionThatNobodyHasAcceptedIsTheListeners(t *testing.T) {
	needDiag(t)
	l := listenAt(t, "tcp4", "0.0.0.0:0").(*net.TCPListener)
	c, err := net.Dial("tcp4", fmt.Sprint("127.0.0.1:", addrPort(l.Addr()).Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, ok := between(t, c.LocalAddr(), c.RemoteAddr())
	if !ok || got.Server.ID != inodeOf(t, l) || got.Up != 0 || got.Down != 0 {
		t.Errorf("%v %+v", ok, got)
	}
}

// TestWithoutAListenerTheLowerPortServes, and what is closed is gone.
func TestWithoutAListenerTheLowerPortServes(t *testing.T) {
	needDiag(t)
	l := listenAt(t, "tcp4", fmt.Sprint("127.0.0.1:", freePort(t)))
	c := dial(t, l)
	l.Close()
	low, high := c.server.LocalAddr(), c.client.LocalAddr()
	if addrPort(low).Port() > addrPort(high).Port() {
		low, high = high, low
	}
	if got, ok := between(t, high, low); !ok {
		t.Errorf("%+v", got)
	}
	c.client.Close()
	if got, ok := between(t, high, low); ok {
		t.Errorf("it is closed, and still there: %+v", got)
	}
}

// TestAConnectionToAnotherMachineIsNobodysHere, not even that of who listens here on a port
// of the same number.
func TestAConnectionToAnotherMachineIsNobodysHere(t *testing.T) {
	here := netip.MustParseAddrPort("10.0.0.1:40000")
	there := netip.MustParseAddrPort("10.0.0.2:5432")
	any := stream{route: route{local: netip.MustParseAddrPort("0.0.0.0:5432")}, inode: 3, listens: true}
	out := stream{route: route{here, there}, inode: 4, acked: 11, received: 7}
	want := Connection{Client: End{Addr: here, ID: 4}, Server: End{Addr: there}, Up: 10, Down: 7}
	if got := pair([]stream{any, out}); len(got) != 1 || got[0] != want {
		t.Errorf("out: %+v", got)
	}
	in := stream{route: route{netip.MustParseAddrPort("10.0.0.1:5432"), there}, inode: 5, acked: 11, received: 7}
	want = Connection{Client: End{Addr: there}, Server: End{Addr: in.local, ID: 5}, Up: 7, Down: 11}
	if got := pair([]stream{in, any}); len(got) != 1 || got[0] != want {
		t.Errorf("in: %+v", got)
	}
	within := stream{route: route{netip.MustParseAddrPort("127.0.0.1:5432"), netip.MustParseAddrPort("127.0.0.1:50000")}, inode: 6}
	if got := pair([]stream{within, any}); len(got) != 0 {
		t.Errorf("one end within this machine has no other: %+v", got)
	}
}

// TestAFailedLookAtSocketsIsAnError, not a process without sockets.
func TestAFailedLookAtSocketsIsAnError(t *testing.T) {
	needDiag(t)
	c := dial(t, listenAt(t, "tcp4", "127.0.0.1:0"))
	got, ok := c.counted(t)
	if !ok {
		t.Fatal("not there")
	}
	ends := []End{got.Client, got.Server, {}}
	mine, err := OpenIn([]int{1 << 30, os.Getpid()}, ends)
	if err != nil || len(mine) != 2 || !mine[got.Client] || !mine[got.Server] {
		t.Errorf("%v, %v", mine, err)
	}
	who, err := HoldersOf(ends)
	if err != nil || who[got.Client].PID != os.Getpid() || who[got.Client].Program == "" {
		t.Errorf("%+v, %v", who, err)
	}
	defer withoutDescriptors(t)()
	if mine, err := OpenIn([]int{os.Getpid()}, ends); !errors.Is(err, unix.EMFILE) {
		t.Errorf("without descriptors: %v, %v", mine, err)
	}
	if who, err := HoldersOf(ends); !errors.Is(err, unix.EMFILE) {
		t.Errorf("without descriptors: %v, %v", who, err)
	}
	if all, err := Connections(); !errors.Is(err, unix.EMFILE) {
		t.Errorf("without descriptors: %v, %v", all, err)
	}
}

// withoutDescriptors lets this process open no file until back is called.
func withoutDescriptors(t *testing.T) (back func()) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
			t.Fatal(err)
		}
	}
}

func TestProgramOf(t *testing.T) {
	for cmdline, want := range map[string]string{
		"/usr/bin/python3\x00-m\x00http.server\x00": "python3", "-bash\x00": "bash", "node\x00/x/y.js": "node",
		"nginx: worker process\x00\x00\x00": "nginx", "/opt/chrome/chrome --type=utility --x=/y": "chrome",
		"postgres: ann shop 127.0.0.1(4242) idle": "postgres", "a\x1b[2J": "a?[2J",
	} {
		if got := programOf(cmdline); got != want {
			t.Errorf("%q is %q, want %q", cmdline, got, want)
		}
	}
}

// streamMessage is what the kernel tells of one end of a connection.
func streamMessage(family byte, r route, info []byte) []byte {
	m := make([]byte, diagMessage)
	m[0], m[1] = family, tcpEstablished
	binary.BigEndian.PutUint16(m[4:], r.local.Port())
	binary.BigEndian.PutUint16(m[6:], r.remote.Port())
	copy(m[8:], r.local.Addr().AsSlice())
	copy(m[24:], r.remote.Addr().AsSlice())
	m[68] = 9
	m = binary.NativeEndian.AppendUint16(m, uint16(4+len(info)))
	return append(binary.NativeEndian.AppendUint16(m, diagInfo), info...)
}

func FuzzParseStream(f *testing.F) {
	r := route{netip.MustParseAddrPort("127.0.0.1:80"), netip.MustParseAddrPort("127.0.0.1:40000")}
	f.Add(nlMessage(diagByFamily, streamMessage(unix.AF_INET, r, make([]byte, infoSize))))
	f.Add(nlMessage(diagByFamily, streamMessage(unix.AF_INET6, r, make([]byte, infoSize-1))))
	f.Add(nlMessage(diagByFamily, streamMessage(99, r, nil)))
	f.Add(diagAnswer(unix.AF_INET, r.local, 7, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var all []stream
		_, _ = parseDiag(b, func(m []byte) {
			s, err := parseStream(m)
			if err != nil {
				return
			}
			if !s.local.IsValid() || s.listens == s.remote.IsValid() {
				t.Errorf("%+v", s)
			}
			all = append(all, s)
		})
		out := pair(all)
		if len(out) > len(all) {
			t.Errorf("%d connections of %d ends", len(out), len(all))
		}
		for _, c := range out {
			if !c.Client.Addr.IsValid() || !c.Server.Addr.IsValid() || c.Client.ID == 0 && c.Server.ID == 0 && len(all) == 0 {
				t.Errorf("%+v", c)
			}
		}
	})
}

func TestOneWithoutCountsIsRefused(t *testing.T) {
	r := route{netip.MustParseAddrPort("127.0.0.1:80"), netip.MustParseAddrPort("127.0.0.1:40000")}
	if s, err := parseStream(streamMessage(unix.AF_INET, r, make([]byte, infoSize-1))); err == nil {
		t.Errorf("%+v", s)
	}
	if s, err := parseStream(streamMessage(99, r, make([]byte, infoSize))); err == nil {
		t.Errorf("%+v", s)
	}
}

// BenchmarkConnections400 is one look with 400 connections within this machine open.
func BenchmarkConnections400(b *testing.B) {
	needDiag(b)
	l := listenAt(b, "tcp4", "127.0.0.1:0")
	for range 400 {
		dial(b, l)
	}
	b.ReportAllocs()
	for b.Loop() {
		if all, err := Connections(); err != nil || len(all) < 400 {
			b.Fatal(len(all), err)
		}
	}
}

// BenchmarkOwners400 finds out who has their ends.
func BenchmarkOwners400(b *testing.B) {
	needDiag(b)
	l := listenAt(b, "tcp4", "127.0.0.1:0")
	for range 400 {
		dial(b, l)
	}
	all, err := Connections()
	if err != nil {
		b.Fatal(err)
	}
	var ends []End
	for _, c := range all {
		ends = append(ends, c.Client, c.Server)
	}
	for b.Loop() {
		if mine, err := OpenIn([]int{os.Getpid()}, ends); err != nil || len(mine) < 800 {
			b.Fatal(len(mine), err)
		}
	}
}
