//go:build !portable

package ports

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

func TestThePeerOfAConnectionIsNamedByItsUser(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Skip(err)
		}
		defer l.Close()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		client, server := addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())
		if uid, err := PeerUID(client, server); err != nil || uid != os.Getuid() {
			t.Errorf("%s: %d, %v", address, uid, err)
		}
		if h, err := PeerHolder(client, server); err != nil || h.PID != os.Getpid() {
			t.Errorf("%s: %+v, %v", address, h, err)
		}
		if uid, err := procNetOwner(client, server); err != nil || uid != os.Getuid() {
			t.Errorf("%s without diagnosis: %d, %v", address, uid, err)
		}
		c.(*net.TCPConn).SetLinger(0) // Else its end in TIME_WAIT is there for a minute.
		c.Close()
		if _, err := PeerUID(client, server); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s closed: %v", address, err)
		}
		if _, err := procNetOwner(client, server); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s closed, without diagnosis: %v", address, err)
		}
	}
}

func TestThePeerOfAnotherUserIsThatUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be another user")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	cmd := exec.Command("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/"+port+"; exec sleep 100")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if uid, err := PeerUID(addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())); err != nil || uid != 65534 {
		t.Errorf("%d, %v", uid, err)
	}
}

func FuzzFindOwner(f *testing.F) {
	f.Add("  0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000 0 77 1")
	client, server := netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("127.0.0.1:50000")
	f.Fuzz(func(t *testing.T, text string) {
		if uid, err := findOwner(strings.NewReader(text), client, server); err == nil && uid < 0 {
			t.Log("a uid is what the line says", uid)
		}
	})
}
