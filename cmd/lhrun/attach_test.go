package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/term"
)

// shell is a service that answers what is typed, and shows its terminal's size.
const shell = `
[services.sh]
command = ["sh", "-i"]
tty = true
port = false
env = { PS1 = "$ ", ENV = "" }
stop = { timeout = "0.1s" }
`

// seat is a terminal at which somebody is attached.
type seat struct {
	t        *testing.T
	cmd      *exec.Cmd
	terminal *os.File
	screen   *screenReader
	before   *term.State
}

// sit starts lhrun attach on a terminal of its own, and returns once it is attached.
func (h *home) sit(t *testing.T, dir, service string, rows, cols uint16) *seat {
	t.Helper()
	s := &seat{t: t, cmd: h.command(dir, "attach", service), screen: &screenReader{}}
	var slave *os.File
	var err error
	if s.terminal, slave, err = pty.Open(); err != nil {
		t.Fatal(err)
	}
	if s.before, err = term.GetState(int(slave.Fd())); err != nil {
		t.Fatal(err)
	}
	_ = pty.Setsize(s.terminal, &pty.Winsize{Rows: rows, Cols: cols})
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.screen.read(s.terminal)
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		_ = slave.Close()
		_ = s.terminal.Close()
	})
	s.wait("Ctrl-] leaves")
	return s
}

func (s *seat) types(text string) {
	s.t.Helper()
	if _, err := fmt.Fprint(s.terminal, text); err != nil {
		s.t.Fatal(err)
	}
}

func (s *seat) wait(text string) {
	s.t.Helper()
	s.screen.wait(s.t, text)
}

// left waits for the end of lhrun attach, and checks that the terminal is as it was.
func (s *seat) left(code int) {
	s.t.Helper()
	_ = s.cmd.Wait()
	if got := codeOf(s.cmd.ProcessState); got != code {
		s.t.Errorf("attach ended with %d, want %d; the terminal shows\n%s", got, code, s.screen.text())
	}
	if err := s.isRestored(); err != nil {
		s.t.Error(err)
	}
}

// isRestored says how the terminal differs from what it was.
func (s *seat) isRestored() error {
	now, err := term.GetState(int(s.terminal.Fd()))
	if err == nil && !reflect.DeepEqual(now, s.before) {
		err = fmt.Errorf("the terminal has other modes than before:\n%+v\n%+v", s.before, now)
	}
	return err
}

// holds returns the files below dir that hold text.
func holds(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), text) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestConsolesAndDebuggersAreAnswered(t *testing.T) {
	need(t, "python3", "node")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
defaults = { tty = true, port = false, stop = { timeout = "0.1s" } }
[services.console]
command = ["python3", "-i", "-q"]
[services.pdb]
command = ["python3", "-m", "pdb", "debugged.py"]
[services.node]
command = ["node", "-i"]
`, "debugged.py", "answer = 1\nprint('it is', answer)\ninput()\n")
	r := h.up(dir)
	r.wait("all ready")
	for service, say := range map[string][3]string{
		"console": {">>> ", "print(6 * 7000)\r", "42000"},
		"pdb":     {"(Pdb) ", "n\ranswer = 'changed'\rc\r", "it is changed"},
		"node":    {"> ", "'a'.repeat(3) + 'b'\r", "aaab"},
	} {
		s := h.sit(t, dir, service, 24, 80)
		s.wait(say[0])
		s.types(say[1])
		s.wait(say[2])
		s.types("\x1d")
		s.left(0)
		s.wait(fmt.Sprintf("lhrun: left; %s goes on", service))
		r.wait(fmt.Sprintf(`^%s +\| .*%s`, service, say[2])) // It stands in the stream too.
		if out, _, _ := h.output(dir, "logs", service); !strings.Contains(out, say[2]) {
			t.Errorf("the logs of %s have %q", service, out)
		}
	}
}

// TestWhatIsTypedWithoutEchoStandsInNoLog: nor anywhere else where lhrun writes.
func TestWhatIsTypedWithoutEchoStandsInNoLog(t *testing.T) {
	need(t, "python3", "ssh-keygen")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
defaults = { tty = true, port = false }
[services.login]
command = "python3 login.py; sleep 1000"
[services.key]
command = "ssh-keygen -y -f key; sleep 1000"
`, "login.py", "import getpass\np = getpass.getpass('Login password: ')\nprint('it has', len(p), 'letters', flush=True)\n")
	const secret = "swordfish-on-tuesday"
	keygen := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", secret, "-f", filepath.Join(dir, "key"))
	if out, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_ = os.Remove(filepath.Join(dir, "key.pub")) // ssh-keygen would ask nothing.
	r := h.up(dir)
	r.wait("all ready")
	for service, say := range map[string][2]string{
		"login": {"Login password: ", "it has 20 letters"},
		"key":   {"passphrase", "ssh-ed25519 AAAA"},
	} {
		s := h.sit(t, dir, service, 24, 80)
		s.wait(say[0])
		s.types(secret + "\r")
		s.wait(say[1])
		if strings.Contains(s.screen.text(), secret) {
			t.Errorf("the terminal shows %q", s.screen.text())
		}
		s.types("\x1d")
		s.left(0)
	}
	if strings.Contains(r.text(), secret) {
		t.Errorf("the stream shows %q", r.text())
	}
	if _, errs, code := h.output(dir, "down"); code != 0 {
		t.Error(errs)
	}
	if found := holds(t, h.dir, secret); found != nil {
		t.Errorf("it stands in %q", found)
	}
}

func TestKeysGoToTheServiceAndCtrlBracketLeaves(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", shell)
	h.up(dir).wait("all ready")
	pid, _ := pidOf(t, h, dir, "sh")
	s := h.sit(t, dir, "sh", 24, 80)
	s.types("sh -c 'echo sleeps $((1 + 1)); exec sleep 1000' && echo never\r")
	s.wait("sleeps 2")
	s.types("\x03")
	s.types("echo inter$((1 + 1))rupted\r")
	s.wait("inter2rupted")
	s.types("cat; echo end $((40 + 2))\r\x04") // Ctrl-D ends cat, not the shell.
	s.wait("\nend 42")
	s.types("printf '\\033[?1049h\\033[?25l\\033[31mon'\r")
	s.wait("\x1b[?1049h\x1b[?25l\x1b[31mon")
	s.types("echo typed $((1 + 1)) before\r\x1d")
	s.left(0)
	s.wait("\x1b[?1049l\x1b[?25h\x1b[m")
	next := h.sit(t, dir, "sh", 24, 80)
	next.types("echo again $((1 + 1))\r")
	next.wait("again 2")
	if out, _, _ := h.output(dir, "logs", "sh"); !strings.Contains(out, "typed 2 before") {
		t.Errorf("what was typed before the Ctrl-] is lost: %q", out)
	}
	next.types("\x1b[93;5u") // Ctrl-], as programs may ask a terminal to tell it.
	next.left(0)
	if now, _ := pidOf(t, h, dir, "sh"); now != pid {
		t.Errorf("the shell was %d, and is %d", pid, now)
	}
}

func TestTheServicesTerminalHasTheSizeOfWhoTyped(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", shell)
	if _, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatal(errs)
	}
	size := func(s *seat, want string) {
		t.Helper()
		s.types(fmt.Sprintf("echo now $(stty size) of %s\r", want))
		s.wait(fmt.Sprintf("now %s of %[1]s", want))
	}
	a := h.sit(t, dir, "sh", 10, 40)
	size(a, "10 40")
	b := h.sit(t, dir, "sh", 50, 200)
	b.types("echo both see $((5 + 5))\r")
	a.wait("both see 10")
	size(b, "50 200")
	size(a, "10 40")
	_ = pty.Setsize(b.terminal, &pty.Winsize{Rows: 33, Cols: 99})
	eventually(t, "b's new size", func() bool {
		a.types("\r") // It has the size of b only while b types.
		b.types("echo $(stty size) of b\r")
		return strings.Contains(b.screen.text(), "33 99 of b")
	})
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
	size(a, "10 40")
	_ = a.cmd.Process.Kill()
	_ = a.cmd.Wait()
	// Nobody is there, so it is as large as it was; a pipe has no size.
	eventually(t, "the usual size is back", func() bool {
		cmd := h.command(dir, "attach", "sh")
		cmd.Stdin = strings.NewReader("echo back to $(stty size)\r")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, _, _ := h.output(dir, "logs", "sh")
		return strings.Contains(out, "back to 24 80")
	})
}

// TestOneWhoIsStoppedSlowsNobody: while a service writes 20 MB to two.
func TestOneWhoIsStoppedSlowsNobody(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", shell)
	if _, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatal(errs)
	}
	stopped, other := h.sit(t, dir, "sh", 24, 80), h.sit(t, dir, "sh", 24, 80)
	_ = stopped.cmd.Process.Signal(syscall.SIGSTOP)
	other.types("yes 0123456789012345678901234567890123456789 | head -c 20000000; echo; echo end $((40 + 2))\r")
	other.wait("\nend 42")
	_ = stopped.cmd.Process.Signal(syscall.SIGCONT)
	stopped.wait("bytes missed, which were written faster than they were shown")
	stopped.wait("\nend 42")
	stopped.types("echo it types $((1 + 1))\r")
	other.wait("it types 2")
	stopped.types("\x1d")
	stopped.left(0)
}

func TestAttachGoesOnWithTheNextAttempt(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", shell+`restart = { max_restarts = 1, backoff = "50ms" }
[services.other]
command = "sleep 1000"
port = false
`)
	if _, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatal(errs)
	}
	s := h.sit(t, dir, "sh", 24, 80)
	s.types("printf '\\033[?25l'\r")
	s.wait("\x1b[?25l")
	if _, errs, code := h.output(dir, "restart", "sh"); code != 0 {
		t.Fatal(errs)
	}
	s.wait("\x1b[?25h")
	s.wait("lhrun: sh restarts")
	s.types("echo new $((1 + 1))\r")
	s.wait("\nnew 2")
	s.types("exit 3\r")
	s.wait("lhrun: sh exited with code 3, and starts again in ")
	eventually(t, "it runs again", func() bool { return strings.Count(s.screen.text(), "sh restarts") == 2 })
	s.types("exit 4\r")
	s.left(1)
	s.wait("lhrun: sh failed: exited with code 4")

	if _, errs, code := h.output(dir, "attach", "sh"); code != 5 || !strings.Contains(errs, `"lhrun start sh" starts it`) {
		t.Errorf("attach to a failed service: %d, %s", code, errs)
	}
	for verb, says := range map[string]string{"stop": "lhrun: sh is stopped", "down": "lhrun: sh is stopped"} {
		if _, errs, code := h.output(dir, "up", "-d"); code != 0 {
			t.Fatal(errs)
		}
		if _, errs, code := h.output(dir, "start", "sh"); code != 0 {
			t.Fatal(errs)
		}
		s := h.sit(t, dir, "sh", 24, 80)
		args := map[string][]string{"stop": {"stop", "sh"}, "down": {"down"}}[verb]
		if _, errs, code := h.output(dir, args...); code != 0 {
			t.Fatal(errs)
		}
		s.left(0)
		s.wait(says)
	}
}

// TestATerminalIsRestoredWhateverEndsAttach: signals, and the end of lhrun.
func TestATerminalIsRestoredWhateverEndsAttach(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", shell)
	if _, errs, code := h.output(dir, "up", "-d"); code != 0 {
		t.Fatal(errs)
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		s := h.sit(t, dir, "sh", 24, 80)
		_ = s.cmd.Process.Signal(sig)
		s.left(128 + int(sig))
	}
	s := h.sit(t, dir, "sh", 24, 80)
	_ = s.cmd.Process.Signal(syscall.SIGTSTP)
	eventually(t, "it is stopped, and the terminal as it was", func() bool { return s.isRestored() == nil })
	_ = s.cmd.Process.Signal(syscall.SIGCONT)
	eventually(t, "it goes on", func() bool { return s.isRestored() != nil })
	s.types("echo it goes $((1 + 1)) on\r")
	s.wait("it goes 2 on")
	out, _, _ := h.output(dir, "ps", "--json")
	var run struct{ PID int }
	unmarshal(t, []byte(out), &run)
	_ = syscall.Kill(run.PID, syscall.SIGKILL)
	s.left(1)
	s.wait("connection lost")
}
