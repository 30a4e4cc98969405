package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

const quiet = `
name = "quiet"
dotenv = false
[services.a]
command = "echo hello; exec sleep 1000"
port = false
`

// Nothing of lhrun listens on TCP but the front, on loopback, and with front = false
// nothing at all.
func TestLhrunItselfListensOnTheFrontAlone(t *testing.T) {
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("read from /proc")
	}
	const web = "[services.web]\ncommand = \"exec $LHRUN serve .\"\n"
	for file, most := range map[string]int{quiet: 0, "front = false\n" + web: 0, web: 2} {
		h := newHome(t)
		dir := h.checkout("lhrun.toml", file)
		r := h.up(dir)
		r.wait("all ready")
		own := ownListeners(t, r.cmd.Process.Pid)
		if len(own) > most || most > 0 && len(own) == 0 {
			t.Errorf("%s\nlistens at %v", file, own)
		}
		for _, where := range own {
			address, _, _ := strings.Cut(where, ":")
			if address != "0100007F" && address != "00000000000000000000000001000000" {
				t.Errorf("it listens at %s, which is not loopback", where)
			}
		}
		r.stop()
	}
}

// ownListeners are where a guard and its supervisor listen.
func ownListeners(t *testing.T, guard int) (own []string) {
	listening := listeners(t)
	for _, pid := range []int{guard, supervisorOf(guard)} {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			to, _ := os.Readlink(fd)
			inode := strings.TrimSuffix(strings.TrimPrefix(to, "socket:["), "]")
			if where, ok := listening[inode]; ok {
				own = append(own, where)
			}
		}
		if len(fds) == 0 {
			t.Errorf("pid %d shows no files", pid)
		}
	}
	return own
}

// listeners are the TCP sockets of the machine that listen, by inode.
func listeners(t *testing.T) map[string]string {
	found := map[string]string{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(data)) {
			if f := strings.Fields(line); len(f) > 9 && f[3] == "0A" {
				found[f[9]] = f[1]
			}
		}
	}
	return found
}

// Whatever the umask, and whatever was there before.
func TestNobodyElseMayReadWhatLhrunKeeps(t *testing.T) {
	h := newHome(t)
	for _, dir := range []string{"state/lhrun/projects/quiet/main/logs"} {
		if err := os.MkdirAll(filepath.Join(h.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	dir := h.checkout("lhrun.toml", quiet)
	r := h.up(dir)
	r.wait("all ready")
	files := 0
	for _, root := range []string{"state", "run"} {
		err := filepath.WalkDir(filepath.Join(h.dir, root, "lhrun"), func(path string, d fs.DirEntry, err error) error {
			var info fs.FileInfo
			if err == nil {
				info, err = d.Info()
			}
			if errors.Is(err, fs.ErrNotExist) { // run.json.new, renamed while this looked, or not made here
				return nil
			}
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s is %v", path, info.Mode())
			}
			files++
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if files < 8 {
		t.Errorf("only %d files: is this where lhrun keeps them?", files)
	}
	r.stop()
}

// A link in the place of any file or directory of lhrun's leads nowhere: what it
// points to is neither written, read nor emptied.
func TestLinksInTheStateDirectoryAreNotFollowedOut(t *testing.T) {
	for _, place := range []string{
		"projects", "projects/quiet", "projects/quiet/main", "projects/quiet/main/logs",
		"projects/quiet/main/lock", "projects/quiet/main/run.json", "projects/quiet/main/run.json.new",
		"projects/quiet/main/logs/a.log", "projects/quiet/main/logs/a.idx", "projects/quiet/main/logs/lock",
		"ports.json", "ports.lock",
	} {
		t.Run(place, func(t *testing.T) {
			h := newHome(t)
			outside := t.TempDir()
			victim := filepath.Join(outside, "victim")
			text := `{"run":"x","processes":[]}`
			if err := os.WriteFile(victim, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			target, link := victim, filepath.Join(h.dir, "state/lhrun", place)
			if strings.HasSuffix(place, "s") || strings.HasSuffix(place, "quiet") || strings.HasSuffix(place, "main") {
				target = outside
			}
			if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, link); err != nil {
				t.Fatal(err)
			}
			dir := h.checkout("lhrun.toml", quiet)
			r := h.up(dir)
			select { // it runs, or says why not
			case <-r.exited:
				if errs := r.errs.String(); strings.Count(errs, "\n") != 1 {
					t.Errorf("not one clear line: %q", errs)
				}
			case <-time.After(50 * time.Millisecond):
				r.signal(syscall.SIGTERM)
				r.code()
			}
			if data, err := os.ReadFile(victim); err != nil || string(data) != text {
				t.Errorf("the victim is %q, %v", data, err)
			}
			if info, err := os.Stat(victim); err != nil || info.Mode().Perm() != 0o644 {
				t.Errorf("the victim is %v, %v", info.Mode(), err)
			}
			if entries, _ := os.ReadDir(outside); len(entries) != 1 {
				t.Errorf("new in the directory outside: %v", entries)
			}
		})
	}
}

// hostile writes what could look like another service's lines, or take over the
// terminal: carriage returns, escapes that move and clear, JSON, titles, names.
const hostile = `
dotenv = false
[services.good]
command = "exec sleep 1000"
port = false
[services.evil]
command = '''printf 'x\rgood | forged 1\n\033[2K\033[1Ggood | forged 2\n\033[1A\033[Jgood | forged 3\n\ngood | forged 4\n'
printf '{"@module":"good","@message":"forged 5"}\n\033]0;title\007good | forged 6\n\2332Jgood | forged 7\n\302\205good | forged 8\n'
printf 'a\vgood | forged 9\fgood | forged 10\bgood | forged 11\n\342\200\250good | forged 12\n\033Pq\033\\good | forged 13\n'
printf 'last'; exec sleep 1000'''
port = false
`

func TestAHostileServiceForgesNoLine(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", hostile)
	r := h.up(dir)
	r.wait("forged 13")
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	forged := 0
	for _, line := range r.lines {
		name, _, _ := strings.Cut(line, "|")
		if n := strings.TrimSpace(name); n != "evil" && n != "lhrun" {
			t.Errorf("a line of %q: %q", n, line)
		}
		if strings.ContainsAny(line, "\r\x1b\a\b\v\f\u009b\u0085") {
			t.Errorf("control characters in %q", line)
		}
		if strings.Contains(line, "forged") {
			forged++
		}
	}
	if forged < 8 {
		t.Errorf("only %d lines of what it wrote", forged)
	}
}

func TestAHostileServiceForgesNoJSON(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", hostile)
	r := h.up(dir, "--log-format", "json")
	r.wait("forged 13")
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		var object map[string]any
		in := json.NewDecoder(strings.NewReader(line))
		if err := in.Decode(&object); err != nil || in.More() {
			t.Errorf("not one object: %q: %v", line, err)
			continue
		}
		if module := object["@module"]; module == "good" || strings.Contains(fmt.Sprint(object["@message"]), "forged") && module != "evil" {
			t.Errorf("a line of %v: %q", module, line)
		}
	}
}

// Another service knows the path, as any program of this user may; it is not
// believed, and a sender that is gone at once is not either.
func TestReadinessIsNotTakenFromAnotherServicesProcess(t *testing.T) {
	systems.Need(t, systems.Senders)
	need(t, "python3")
	// Nobody can tell whose a sender was that is gone, so one's own stays for a moment.
	const send = `import os,socket,sys,time;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.sendto(b"READY=1",%s);time.sleep(%d);os._exit(0)`
	h := newHome(t)
	dir := h.checkout("forge.py", fmt.Sprintf(send, "sys.argv[1]", 0), "own.py", fmt.Sprintf(send, "os.environ['NOTIFY_SOCKET']", 10),
		"lhrun.toml", `
dotenv = false
[services.victim]
command = "echo $NOTIFY_SOCKET > socket.new; mv socket.new socket; until test -e go; do sleep 0.05; done; python3 own.py; exec sleep 1000"
port = false
ready = { notify = true }
[services.evil]
command = "until test -e socket; do sleep 0.05; done; for i in 1 2 3 4 5; do python3 forge.py $(cat socket); done; echo forged; exec sleep 1000"
port = false
`)
	r := h.up(dir)
	r.wait("forged")
	time.Sleep(300 * time.Millisecond)
	if text := r.text(); strings.Contains(text, "victim is ready") {
		t.Fatalf("it was believed:\n%s", text)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.wait("victim is ready|all ready")
	r.stop()
}

// What another lhrun holds under the name of a lease, and does not answer for.
func TestASquattedLeaseNameIsToldAndBlocksNobody(t *testing.T) {
	systems.Need(t, systems.Users)
	need(t, "python3")
	h := newHome(t)
	dir := h.checkout("lhrun.toml", "dotenv = false\n[services.a]\ncommand = \"exec sleep 1000\"\nready = { exec = \"true\" }\n")
	port := h.port(dir, "a")
	squat := h.command(dir, "exec", "--", "python3", "-c", fmt.Sprintf(
		`import socket,time;s=socket.socket(socket.AF_UNIX);s.bind("\0lhrun/port/%d");s.listen(0);print("squats",flush=True);time.sleep(1000)`, port))
	out, err := squat.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := squat.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = squat.Process.Kill(); _ = squat.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Skipf("cannot squat: %q %v", line, err)
	}
	began := time.Now()
	r := h.up(dir)
	r.wait(fmt.Sprintf(`port %d is held by .*%d.*using \d+ for this run`, port, squat.Process.Pid))
	r.wait("all ready")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	r.stop()
}

// Nothing of lhrun's own shows a secret: not the stream, whatever goes wrong.
func TestSecretsAreNotInWhatLhrunSays(t *testing.T) {
	h := newHome(t)
	dir := h.checkout("lhrun.toml", `
dotenv = false
[services.db]
command = "exec sleep 1000"
env = { DB_PASSWORD = "correct-horse", API_TOKEN = "battery-staple" }
url = "postgres://app:correct-horse@{{host}}:{{port}}/shop"
ready = { exec = "echo cannot log in with correct-horse; exit 1", timeout = "300ms" }
restart = "no"
[services.api]
command = ["no-such-battery-staple"]
env = { API_TOKEN = "battery-staple" }
port = false
`)
	for _, args := range [][]string{{"check"}, {"check", "--json"}, {"plan", "--json"}} {
		if out, errs, code := h.output(dir, args...); code != 0 || strings.Contains(out+errs, "correct-horse") {
			t.Errorf("%q: exit code %d, %s%s", args, code, out, errs)
		}
	}
	_, errs, code := h.output(dir, "up", "--timeout", "100ms")
	if code != 4 || strings.Contains(errs, "correct-horse") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	r := h.up(dir)
	r.wait("db failed|db.*not ready")
	r.code()
	if out, errs, code := h.output(dir, "why", "db", "--json"); code != 5 || strings.Contains(out+errs, "correct-horse") || !strings.Contains(out, "postgres://app:***@") {
		t.Errorf("why: exit code %d, %s%s", code, out, errs)
	}
	r.mu.Lock()
	lines := slices.Clone(r.lines)
	r.mu.Unlock()
	for _, line := range append(lines, r.errs.String()) {
		if !strings.HasPrefix(line, "lhrun") {
			continue
		}
		for _, secret := range []string{"correct-horse", "battery-staple"} {
			if strings.Contains(line, secret) {
				t.Errorf("%q shows a secret", line)
			}
		}
	}
}
