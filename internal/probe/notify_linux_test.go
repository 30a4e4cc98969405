//go:build !portable

package probe

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// sender runs this test binary as a program that sends text and stays until the
// test ends. It returns once the text is sent.
func sender(t *testing.T, n *Notify, text string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PROBE_TEST_SEND="+text, "PROBE_TEST_STAY=1", "NOTIFY_SOCKET="+n.path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "sent\n" {
		t.Fatalf("the sender says %q, %v", line, err)
	}
	return cmd
}

func TestNotifyBelievesOnlyItsOwn(t *testing.T) {
	var ours, asked atomic.Int64
	n := listen(t, func(pid int) bool {
		asked.Store(int64(pid))
		return int64(pid) == ours.Load()
	})
	stranger := sender(t, n, "STATUS=stranger\nREADY=1")
	ours.Store(int64(os.Getpid()))
	mustSend(t, n, "STATUS=ours")
	awaitStatus(t, n, "ours")
	notReady(t, n)
	if stranger.ProcessState != nil {
		t.Fatal("the stranger did not stay")
	}

	ours.Store(0)
	mustSend(t, n, "READY=1")
	child := sender(t, n, "nothing")
	for end := time.Now().Add(20 * time.Second); asked.Load() != int64(child.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("own was asked about %d, not %d", asked.Load(), child.Process.Pid)
		}
	}
	notReady(t, n)
	ours.Store(int64(os.Getpid()))
	mustSend(t, n, "READY=1")
	ready(t, n)
}

// Whose it was nobody can tell any more; anybody could have sent it.
func TestNotifyDoesNotBelieveASenderThatIsGone(t *testing.T) {
	gone := make(chan struct{})
	n := listen(t, func(pid int) bool { <-gone; return syscall.Kill(pid, 0) == nil })
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PROBE_TEST_SEND=READY=1", "NOTIFY_SOCKET="+n.path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	close(gone)
	for end := time.Now().Add(20 * time.Second); n.Refused() != cmd.Process.Pid; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("refused %d, not %d", n.Refused(), cmd.Process.Pid)
		}
	}
	notReady(t, n)
}

// A barrier is a descriptor that its sender sees closed when all is read.
func TestNotifyAnswersABarrier(t *testing.T) {
	n := listen(t, anyone)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	mustSend(t, n, "READY=1")
	socket, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(socket)
	to := &syscall.SockaddrUnix{Name: n.path}
	if err := syscall.Sendmsg(socket, []byte("BARRIER=1"), syscall.UnixRights(int(w.Fd())), to, 0); err != nil {
		t.Fatal(err)
	}
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the barrier is still held: %v", err)
	}
	// What was sent before the barrier is seen by then, without waiting.
	select {
	case <-n.Ready():
	default:
		t.Error("the barrier came before the news")
	}
}

func TestSystemdNotify(t *testing.T) {
	program, err := exec.LookPath("systemd-notify")
	if err != nil {
		t.Skip(err)
	}
	// As root it sends in its parent's name, else in its own.
	n := listen(t, anyone)
	cmd := exec.Command(program, "--ready", "--status=all is well")
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+n.path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ready(t, n)
	awaitStatus(t, n, "all is well")
}
