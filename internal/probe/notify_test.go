//go:build unix

package probe

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// shortDir is a directory whose path a socket's fits into: macOS's temporary
// ones are long.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "lhrun")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func anyone(int) bool { return true }

func listen(t *testing.T, own func(int) bool) *Notify {
	t.Helper()
	n, err := ListenNotify(filepath.Join(shortDir(t), "notify"), own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

func mustSend(t *testing.T, n *Notify, text string) {
	t.Helper()
	if err := send(n.path, text); err != nil {
		t.Fatal(err)
	}
}

// ready waits far longer than a datagram takes.
func ready(t *testing.T, n *Notify) {
	t.Helper()
	select {
	case <-n.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("READY=1 was not seen")
	}
}

// notReady is asked after a later datagram was read, so nothing is on its way.
func notReady(t *testing.T, n *Notify) {
	t.Helper()
	select {
	case <-n.Ready():
		t.Error("it is ready")
	default:
	}
}

func awaitStatus(t *testing.T, n *Notify, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); n.Status() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the status is %q, not %q", n.Status(), want)
		}
	}
}

func TestNotifyReady(t *testing.T) {
	n := listen(t, anyone)
	info, err := os.Stat(n.path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	mustSend(t, n, "STATUS=loading\nMAINPID=1")
	awaitStatus(t, n, "loading")
	notReady(t, n)
	mustSend(t, n, "STATUS=up\nREADY=1\n")
	ready(t, n)
	if n.Status() != "up" {
		t.Errorf("the status is %q", n.Status())
	}
	mustSend(t, n, "READY=1")
	mustSend(t, n, "STATUS=")
	awaitStatus(t, n, "")
}

func TestNotifyPassesOverGarbage(t *testing.T) {
	n := listen(t, anyone)
	for _, text := range []string{
		"", "\x00", "\n\n\n", "READY", "READY=0", "READY=11", " READY=1", "ready=1", "XREADY=1", "\xff\xfe",
		// Too long, even though its head would do.
		"READY=1\n" + strings.Repeat("x", maxNotify),
		"READY=1\n" + strings.Repeat("x", 100<<10),
	} {
		mustSend(t, n, text)
	}
	mustSend(t, n, "STATUS=last")
	awaitStatus(t, n, "last")
	notReady(t, n)
	mustSend(t, n, "READY=1\n"+strings.Repeat("x", maxNotify-1-len("READY=1\n")))
	ready(t, n)
}

func TestNotifyTakesTheSocketAway(t *testing.T) {
	n := listen(t, anyone)
	n.Close()
	if _, err := os.Lstat(n.path); err == nil {
		t.Error("the socket is still there")
	}
	again, err := ListenNotify(n.path, anyone)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	n.Close()
	if _, err := os.Lstat(again.path); err != nil {
		t.Error("closing twice took the next one's socket")
	}
}

func TestNotifyReplacesOnlyASocket(t *testing.T) {
	left := listen(t, anyone)
	n, err := ListenNotify(left.path, anyone)
	if err != nil {
		t.Fatal(err)
	}
	mustSend(t, n, "READY=1")
	ready(t, n)
	n.Close()

	file := filepath.Join(shortDir(t), "notify")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ListenNotify(file, anyone); err == nil {
		t.Error("a file was taken for a socket")
	}
	if data, _ := os.ReadFile(file); string(data) != "mine" {
		t.Errorf("the file is %q", data)
	}
}

func TestNotifyPathLimit(t *testing.T) {
	dir := shortDir(t)
	longest := filepath.Join(dir, strings.Repeat("x", MaxSocketPath-len(dir)-1))
	n, err := ListenNotify(longest, anyone)
	if err != nil {
		t.Fatal(err)
	}
	mustSend(t, n, "READY=1")
	ready(t, n)
	n.Close()
	if _, err := ListenNotify(longest+"x", anyone); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("error %v", err)
	}
}

func FuzzParseNotify(f *testing.F) {
	for _, s := range []string{"READY=1", "STATUS=x\nREADY=1\n", "READY=1\x00", "READY=1\r\n", "=\n=", "STATUS=\x1b[31m\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := parseNotify(data)
		if n.ready && !strings.Contains(string(data), "READY=1") {
			t.Fatalf("%q is ready", data)
		}
		if n.status != nil && (!utf8.ValidString(*n.status) || strings.ContainsAny(*n.status, "\n\x1b\x00")) {
			t.Fatalf("the status of %q is %q", data, *n.status)
		}
	})
}

func TestNotifyCountsSignsOfLife(t *testing.T) {
	n := listen(t, anyone)
	mustSend(t, n, "WATCHDOG=1")
	mustSend(t, n, "WATCHDOG=trigger\nWATCHDOG=1\nSTATUS=second")
	awaitStatus(t, n, "second")
	if got := n.Beats(); got != 2 {
		t.Errorf("%d beats, want 2", got)
	}
	notReady(t, n)
}

// A logout removes $XDG_RUNTIME_DIR, a cleaner of /tmp what is old.
func TestANotifySocketThatWasRemovedIsMadeAgain(t *testing.T) {
	dir := filepath.Join(shortDir(t), "run")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	n, err := ListenNotify(filepath.Join(dir, "1"), func(int) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	n.renew() // It is there.
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	n.renew()
	conn, err := net.Dial("unixgram", n.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("READY=1")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-n.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("READY=1 has not come")
	}
	n.Close()
	n.renew()
	if _, err := os.Lstat(n.path); err == nil {
		t.Error("it is there after the close")
	}
}
