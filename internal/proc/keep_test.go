//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startPrograms starts a shell that runs script, in which $browser and $daemon are
// programs of these names that sleep. Each line of the output is a name and a pid.
func startPrograms(t *testing.T, table *Table, script string) (*child, map[string]int) {
	t.Helper()
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip("needs setsid(1)")
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("needs sleep(1)")
	}
	dir := t.TempDir()
	env := roleEnv("")
	for _, name := range []string{"browser", "daemon"} {
		path := filepath.Join(dir, name)
		if err := os.Symlink(sleep, path); err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+path)
	}
	p := startSpec(t, table, Spec{Argv: []string{"sh", "-c", script + "; echo end 0; wait"}, Env: env})
	pids := map[string]int{}
	for line := range p.lines {
		name, pid, _ := strings.Cut(line, " ")
		if name == "end" {
			break
		}
		pids[name], _ = strconv.Atoi(pid)
	}
	for _, pid := range pids { // Each is a shell until its exec.
		for range 500 {
			if names := programNames(pid); slices.Contains(names, "browser") || slices.Contains(names, "daemon") {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	return p, pids
}

func living(pid int) bool {
	s, ok := readStat(pid)
	return ok && !s.dead()
}

func TestWhatIsToBeKeptOutlivesItsProcess(t *testing.T) {
	for what, script := range map[string]string{
		"in the group":     `$browser 1000 & echo browser $!; $daemon 1000 & echo daemon $!`,
		"in a session":     `setsid sh -c 'echo browser $$; exec $browser 1000' & wait_for=$!; setsid sh -c 'echo daemon $$; exec $daemon 1000' & sleep 0.3`,
		"below a launcher": `sh -c '$browser 1000 & echo browser $!; wait' & sh -c '$daemon 1000 & echo daemon $!; wait' & sleep 0.3`,
	} {
		for _, timeout := range []time.Duration{0, patience} {
			t.Run(fmt.Sprint(what, " ", timeout), func(t *testing.T) {
				t.Parallel()
				table := NewTable()
				defer table.Close()
				p, pids := startPrograms(t, table, script)
				if pids["browser"] == 0 || pids["daemon"] == 0 {
					t.Fatal("they have not started:", pids)
				}
				if ids := p.Ending([]string{"browser"}); slices.ContainsFunc(ids, func(id ID) bool { return id.PID == pids["browser"] }) || len(ids) == 0 {
					t.Errorf("it would end %v of %v", ids, pids)
				}
				began := time.Now()
				if _, err := p.EndWith(Ending{Signal: syscall.SIGTERM, Timeout: timeout, Keep: []string{"browser"}}); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > patience/2 {
					t.Errorf("it waited %v", took)
				}
				if !living(pids["browser"]) || living(pids["daemon"]) || living(p.PID()) {
					t.Errorf("the browser lives: %v, the daemon: %v, the leader: %v", living(pids["browser"]), living(pids["daemon"]), living(p.PID()))
				}

				// It belongs to nobody's tree now, and ends with the table.
				next := start(t, table, "sleep")
				next.line("ready")
				if slices.Contains(next.Tree(), pids["browser"]) {
					t.Error("the next process has it in its tree")
				}
				next.End(syscall.SIGTERM, patience, nil)
				if !living(pids["browser"]) {
					t.Error("it ended with the next process")
				}
				table.Close()
				if living(pids["browser"]) {
					t.Error("it outlived the table")
				}
			})
		}
	}
}

func TestTheEndNamesWhatHadASessionOfItsOwn(t *testing.T) {
	table := newTable(t)
	p, _ := startPrograms(t, table, `setsid sh -c 'echo browser $$; exec $browser 1000' & $daemon 1000 & echo daemon $!; sleep 0.3`)
	apart, err := p.EndWith(Ending{Signal: syscall.SIGTERM, Timeout: patience})
	if err != nil || !slices.Equal(apart, []string{"browser"}) {
		t.Errorf("it names %q, %v", apart, err)
	}

	// A server's own processes are no other program.
	s := start(t, table, "setsid")
	s.line("ready")
	if apart, err := s.EndWith(Ending{Signal: syscall.SIGTERM, Timeout: patience}); err != nil || apart != nil {
		t.Errorf("it names %q, %v", apart, err)
	}
}

func TestTheLeaderAloneGetsTheSignal(t *testing.T) {
	table := newTable(t)
	script := `trap 'echo worker; exit' TERM; while :; do sleep 0.05; done`
	p := startSpec(t, table, Spec{Env: os.Environ(), Argv: []string{"sh", "-c",
		"sh -c " + `"` + script + `"` + " & trap 'sleep 0.5; echo leader; exit 0' TERM; sleep 0.2; echo ready; wait; wait"}})
	p.line("ready")
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.EndWith(Ending{Signal: syscall.SIGTERM, Timeout: 2 * time.Second, Leader: true})
	}()
	var lines []string
	for line := range p.lines {
		if line != "Terminated" { // A shell says that of its sleep.
			lines = append(lines, line)
		}
	}
	<-done
	if !slices.Equal(lines, []string{"leader", "worker"}) {
		t.Errorf("they say %q", lines)
	}
}
