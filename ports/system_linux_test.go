//go:build !portable

package ports

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestDiagnosisShowsTrueAddresses(t *testing.T) {
	d, err := openDiag()
	if err != nil {
		t.Skip("no socket diagnosis here:", err)
	}
	defer d.close()
	for listen, want := range map[string]string{
		"127.0.0.1": "127.0.0.1", "127.0.0.2": "127.0.0.2", "0.0.0.0": "0.0.0.0", "::1": "::1", "::": "::",
	} {
		port := freePort(t)
		l, err := listenOn(net.JoinHostPort(listen, fmt.Sprint(port)))
		if err != nil {
			t.Logf("skipping %s: %v", listen, err)
			continue
		}
		all, err := d.listeners(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range all {
			if int(s.Addr.Port()) == port {
				got = append(got, s.Addr.Addr().String())
				if s.uid != uint32(os.Getuid()) || s.ID == 0 {
					t.Errorf("%+v", s)
				}
			}
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("a listener on %s is on %v", listen, got)
		}
		l.Close()
	}
}

func TestDiagnosisTellsWhoTakesIPv6Only(t *testing.T) {
	d, err := openDiag()
	if err != nil {
		t.Skip("no socket diagnosis here:", err)
	}
	defer d.close()
	both, err1 := net.Listen("tcp", "[::]:0")
	only, err2 := net.Listen("tcp6", "[::]:0")
	if err1 != nil || err2 != nil {
		t.Skip("no IPv6 here:", err1, err2)
	}
	defer both.Close()
	defer only.Close()
	for _, d.apart = range []bool{false, true} {
		all, err := d.listeners(nil)
		if err != nil {
			t.Fatal(err)
		}
		for l, want := range map[net.Listener]bool{both: false, only: true} {
			port := netip.MustParseAddrPort(l.Addr().String()).Port()
			if !slices.ContainsFunc(all, func(s socket) bool { return s.Addr.Port() == port && s.V6Only == want }) {
				t.Errorf("in two walks %v: port %d is not v6 only %v in %v", d.apart, port, want, all)
			}
		}
	}
}

func TestBothFormsOfDiagnosisAgree(t *testing.T) {
	d, err := openDiag()
	if err != nil {
		t.Skip("no socket diagnosis here:", err)
	}
	defer d.close()
	for _, host := range []string{"127.0.0.1", "0.0.0.0", "[::1]", "[::]"} {
		if l, err := listenOn(host + ":0"); err == nil {
			defer l.Close()
		}
	}
	// Others open and close sockets meanwhile.
	var whole, apart []socket
	for range 100 {
		d.apart = false
		if whole, err = d.listeners(nil); err != nil || d.apart {
			t.Fatalf("the older form: %v, refused %v", err, d.apart)
		}
		d.apart = true
		if apart, err = d.listeners(nil); err != nil {
			t.Fatal(err)
		}
		sortSockets(whole)
		sortSockets(apart)
		if slices.Equal(whole, apart) {
			return
		}
	}
	t.Errorf("one walk shows %v, two show %v", whole, apart)
}

func sortSockets(all []socket) {
	slices.SortFunc(all, func(a, b socket) int { return cmp.Or(a.Addr.Compare(b.Addr), cmp.Compare(a.ID, b.ID)) })
}

func TestProcNetAgreesWithDiagnosis(t *testing.T) {
	d, err := openDiag()
	if err != nil {
		t.Skip("no socket diagnosis here:", err)
	}
	defer d.close()
	port := freePort(t)
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		if l, err := net.Listen("tcp", fmt.Sprintf("%s:%d", host, port)); err == nil {
			defer l.Close()
		}
	}
	mine := func(all []socket) []socket {
		all = slices.DeleteFunc(all, func(s socket) bool { return int(s.Addr.Port()) != port })
		slices.SortFunc(all, func(a, b socket) int { return cmp.Compare(a.ID, b.ID) })
		return all
	}
	one, err1 := d.listeners(nil)
	two, err2 := procListeners(nil)
	if one, two = mine(one), mine(two); err1 != nil || err2 != nil || len(one) == 0 || !reflect.DeepEqual(one, two) {
		t.Errorf("%v, %v\n%v, %v", one, err1, two, err2)
	}
}

// diagAnswer is what the kernel sends for one socket.
func diagAnswer(family byte, addr netip.AddrPort, uid, inode uint32) []byte {
	b := make([]byte, nlHeader+diagMessage)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], diagByFamily)
	m := b[nlHeader:]
	m[0] = family
	binary.BigEndian.PutUint16(m[4:], addr.Port())
	copy(m[8:], addr.Addr().AsSlice())
	binary.NativeEndian.PutUint32(m[64:], uid)
	binary.NativeEndian.PutUint32(m[68:], inode)
	return b
}

func nlMessage(kind uint16, body []byte) []byte {
	b := make([]byte, nlHeader, nlHeader+len(body))
	binary.NativeEndian.PutUint32(b, uint32(nlHeader+len(body)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	return append(b, body...)
}

// readSockets reads the sockets of one datagram, as a dump does.
func readSockets(b []byte) (all []socket, done bool, err error) {
	done, err = parseDiag(b, func(m []byte) {
		if s, ok := parseSocket(m); ok {
			all = append(all, s)
		}
	})
	return all, done, err
}

func TestParseDiag(t *testing.T) {
	one := netip.MustParseAddrPort("127.0.0.1:80")
	two := netip.MustParseAddrPort("[::1]:81")
	mapped := netip.MustParseAddrPort("[::ffff:127.0.0.1]:82")
	in := slices.Concat(diagAnswer(unix.AF_INET, one, 7, 1), diagAnswer(unix.AF_INET6, two, 8, 2),
		diagAnswer(unix.AF_INET6, mapped, 9, 3), diagAnswer(unix.AF_INET, one, 0, 0), diagAnswer(99, one, 0, 4))
	want := []socket{{Listener{Addr: one, ID: 1}, 7}, {Listener{Addr: two, ID: 2}, 8}, {Listener{Addr: netip.MustParseAddrPort("127.0.0.1:82"), ID: 3}, 9}}
	got, done, err := readSockets(in)
	if !reflect.DeepEqual(got, want) || done || err != nil {
		t.Errorf("got %v, %v, %v", got, done, err)
	}
	if _, done, err := readSockets(nlMessage(unix.NLMSG_DONE, nil)); !done || err != nil {
		t.Errorf("the end is %v, %v", done, err)
	}
	refusal := int32(unix.EPERM)
	body := binary.NativeEndian.AppendUint32(nil, uint32(-refusal))
	if _, done, err := readSockets(nlMessage(unix.NLMSG_ERROR, body)); !done || err != unix.EPERM {
		t.Errorf("a refusal is %v, %v", done, err)
	}
	for _, bad := range [][]byte{in[:150], nlMessage(unix.NLMSG_ERROR, nil), make([]byte, 16)} {
		if _, _, err := readSockets(bad); err == nil {
			t.Errorf("%v was read", bad)
		}
	}
}

func FuzzParseDiag(f *testing.F) {
	f.Add(diagAnswer(unix.AF_INET, netip.MustParseAddrPort("127.0.0.1:80"), 7, 1))
	f.Add(nlMessage(unix.NLMSG_DONE, nil))
	f.Add(nlMessage(unix.NLMSG_ERROR, []byte{1, 2, 3, 4}))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, _ := readSockets(b)
		for _, s := range got {
			if s.ID == 0 || !s.Addr.IsValid() {
				t.Errorf("%+v", s)
			}
		}
		_, _ = parseDiag(b, func(m []byte) {
			if e, ok := parseEndpoint(m); ok && (e.ID == 0) != (e.timeWait > 0) {
				t.Errorf("%+v", e)
			}
		})
	})
}

func TestParseProcNet(t *testing.T) {
	const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: %s:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0
   1: %s:0050 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
   2: nonsense
`
	// Addresses are printed as words in the machine's order.
	words := func(addr string) (s string) {
		raw := netip.MustParseAddr(addr).AsSlice()
		for ; len(raw) > 0; raw = raw[4:] {
			s += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(raw))
		}
		return s
	}
	for _, addr := range []string{"127.0.0.1", "::1", "2001:db8::7"} {
		got, err := parseProcNet(strings.NewReader(fmt.Sprintf(text, words(addr), words(addr))), nil)
		want := []socket{{Listener{Addr: netip.AddrPortFrom(netip.MustParseAddr(addr), 8080), ID: 4242}, 1000}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
}

func FuzzParseProcNet(f *testing.F) {
	f.Add("   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0")
	f.Fuzz(func(t *testing.T, s string) {
		got, _ := parseProcNet(strings.NewReader(s), nil)
		for _, s := range got {
			if s.ID == 0 || !s.Addr.IsValid() {
				t.Errorf("%+v", s)
			}
		}
		parseStatus(s)
		parseEphemeral(s, s)
		heldPorts(strings.NewReader(s))
		socketInode([]byte(s))
	})
}

func TestHeldPortsOfProcNetUnix(t *testing.T) {
	got, err := heldPorts(strings.NewReader(`Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 27001 @lhrun/port/20480
0000000000000000: 00000003 00000000 00000000 0001 03 27002 @lhrun/port/20480
0000000000000000: 00000002 00000000 00010000 0001 01 27003 /run/user/0/@lhrun/port/1
0000000000000000: 00000002 00000000 00010000 0001 01 27004 @lhrun/port/x
0000000000000000: 00000002 00000000 00010000 0001 01 27005 @lhrun/port/99999
0000000000000000: 00000002 00000000 00010000 0001 01 27006
0000000000000000: 00000002 00000000 00010000 0001 01 27007 @lhrun/port/3000
`))
	if err != nil || !slices.Equal(got, []int{20480, 3000}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestEphemeralPortsAreAvoidedWhereTheyWereWidened(t *testing.T) {
	for _, c := range []struct {
		limits, kept  string
		avoided, fine []int
	}{
		{"32768\t60999\n", "\n", []int{32768, 60999}, []int{20000, 32767, 61000}},
		{"1024\t65535\n", "20000-20010,20500\n", []int{1024, 20011, 20499, 20501}, []int{20000, 20010, 20500}},
		{"", "", nil, []int{20000}},
		{"x y", "z", nil, []int{20000}},
	} {
		r := &Registry{}
		r.ephemeral, r.reserved = parseEphemeral(c.limits, c.kept)
		for _, port := range c.avoided {
			if !r.avoid(port) {
				t.Errorf("%q: %d is not avoided", c.limits, port)
			}
		}
		for _, port := range c.fine {
			if r.avoid(port) {
				t.Errorf("%q: %d is avoided", c.limits, port)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	got := parseStatus("Name:\ta b:c\nUmask:\t0022\nState:\tT (stopped)\nPPid:\t17\nUid:\t1\t2\t3\t4\nGid:\t5\n")
	if want := (status{"a b:c", 'T', 17, [4]uint32{1, 2, 3, 4}}); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestProcessThatSharesItsSocketWithChildrenIsNamedAlone(t *testing.T) {
	if got := eldest([]int{os.Getpid(), os.Getppid()}); !slices.Equal(got, []int{os.Getppid()}) {
		t.Errorf("got %v", got)
	}
}

// A holder that is stopped, or never looks, must not stop anybody else.
func TestHolderThatDoesNotAnswerIsStillKnownByItsProcess(t *testing.T) {
	port := freePort(t)
	l, err := net.Listen("unix", socketPrefix+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	who, held := sockets{}.holder(port)
	if !held || who.PID != os.Getpid() || who.Command == "" || who.Project != "" {
		t.Errorf("it is %+v, %v", who, held)
	}
	// Now its queue overflows.
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	full := freePort(t)
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: socketPrefix + strconv.Itoa(full)}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, held := (sockets{}).holder(full); !held {
			t.Error("a full queue looks free")
		}
	}
	if _, err := (sockets{}).hold(full, identity{}); err != errHeld {
		t.Errorf("it was held again: %v", err)
	}
}

func TestAHolderThatIsBusyIsWaitedFor(t *testing.T) {
	port := freePort(t)
	l, err := net.Listen("unix", socketPrefix+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		time.Sleep(3 * answerPatience)
		io.WriteString(c, `{"project":"shop","service":"api"}`)
		c.Close()
	}()
	if who, held := (sockets{}).holder(port); !held || who.Project != "shop" || who.Service != "api" {
		t.Errorf("it is %+v, %v", who, held)
	}
}

func TestAHolderThatIsStoppedIsNotWaitedForLong(t *testing.T) {
	run := start(t, order{StateDir: t.TempDir(), Project: "shop", Dir: t.TempDir(), Range: testRange, Requests: services("a")})
	port := run.leases()[0].Port
	if err := unix.Kill(run.pid(), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for !stopped(run.pid()) {
		time.Sleep(time.Millisecond)
	}
	began := time.Now()
	who, held := (sockets{}).holder(port)
	if took := time.Since(began); took >= busyPatience {
		t.Errorf("it was waited for for %v", took)
	}
	if !held || who.PID != run.pid() || who.Project != "" {
		t.Errorf("it is %+v, %v", who, held)
	}
}

func TestHolderAnswersGarbageHarmlessly(t *testing.T) {
	port := freePort(t)
	l, err := net.Listen("unix", socketPrefix+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, `{"project":`+strings.Repeat("9", 2*longestIdentity))
			c.Close()
		}
	}()
	if who, held := (sockets{}).holder(port); !held || who.PID != os.Getpid() || who.Project != "" {
		t.Errorf("it is %+v, %v", who, held)
	}
}

func TestWithoutIPv6TheProbeStillWorks(t *testing.T) {
	for _, err := range []error{unix.EAFNOSUPPORT, unix.EADDRNOTAVAIL} {
		if !noIPv6(err) {
			t.Errorf("%v is taken for IPv6", err)
		}
	}
	if noIPv6(unix.EADDRINUSE) || noIPv6(nil) {
		t.Error("a busy port is taken for no IPv6")
	}
}
