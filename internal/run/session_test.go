package run

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lhrun/lhrun/internal/config"
	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// project writes a file into a checkout of its own, with a state directory that is
// nobody else's, and returns where it is.
func project(t *testing.T, file string) Locate {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	t.Setenv("XDG_RUNTIME_DIR", "")
	if err := os.WriteFile(filepath.Join(dir, "lhrun.toml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return Locate{Dir: dir, Warn: func(text string) { t.Log("warned:", text) }}
}

// pad is a screen that keeps what lhrun says, and what services write.
type pad struct {
	mu     sync.Mutex
	said   []string
	lines  []string
	closed bool
}

func (p *pad) Say(_ hclog.Level, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, text)
}

func (p *pad) Lines(service string, _ time.Time, block []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, service+": "+string(block))
	return nil
}

func (p *pad) Preview(string, time.Time, []byte) error { return nil }
func (p *pad) Size() supervisor.Size                   { return supervisor.Size{} }
func (p *pad) Close() error                            { p.closed = true; return nil }

const oneTask = `name = "shop"
[env]
API_TOKEN = "hunter2secret"
[services.greet]
type = "task"
command = "echo hello"
`

// A test, a page or a server can host a run: nothing of it needs flags or a terminal.
func TestARunIsHostedInThisProcess(t *testing.T) {
	here := project(t, oneTask)
	s, err := Open(Options{Locate: here, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Wanted(); !slices.Equal(got, []string{"greet"}) {
		t.Errorf("it would start %q", got)
	}
	screen := &pad{}
	if err := s.Prepare(screen); err != nil {
		t.Fatal(err)
	}
	runs := List()
	if len(runs) != 1 || runs[0].Checkout != s.Checkout || !runs[0].Alive || runs[0].PID != os.Getpid() {
		t.Errorf("the runs of this user are %+v", runs)
	}
	_, err = Open(Options{Locate: here})
	if other, ok := errors.AsType[*RunningError](err); !ok || other.PID != os.Getpid() || !slices.Equal(other.Wanted, []string{"greet"}) {
		t.Errorf("a second host got %v", err)
	}
	if _, err := s.Start(); err != nil {
		t.Fatal(err)
	}
	_, client, err := here.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if snap, err := client.Snapshot(t.Context(), false); err != nil || snap.Version != "test" || len(snap.Services) != 1 {
		t.Errorf("others see %+v, %v", snap, err)
	}
	await(t, s.Control(), supervisor.StateCompleted)
	s.Say(hclog.Warn, "the token is hunter2secret")
	s.Stop()
	if err := <-s.Ended(); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !slices.Contains(screen.lines, "greet: hello\n") || !screen.closed {
		t.Errorf("services wrote %q, closed: %v", screen.lines, screen.closed)
	}
	if want := []string{"shop (main): starting 1 service", "the token is ***"}; !slices.Equal(screen.said, want) {
		t.Errorf("it said %q, want %q", screen.said, want)
	}
	i, err := InstanceOf(s.Checkout)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := i.Last(); err != nil || last.Services[0].State != "completed" {
		t.Errorf("what is known of its end: %+v, %v", last, err)
	}
	if runs := List(); len(runs) != 0 {
		t.Errorf("after its end there are %+v", runs)
	}
	if _, _, err := here.Dial(t.Context()); err == nil || !strings.Contains(err.Error(), "does not run") {
		t.Errorf("it is reached by %v", err)
	}
}

// await follows the run until its one service is in that state.
func await(t *testing.T, p control.Project, state supervisor.State) {
	t.Helper()
	done := errors.New("done")
	err := p.Events(t.Context(), 0, func(e control.Event) error {
		if e.Service != nil && string(state) == string(e.Service.State) {
			return done
		}
		return nil
	})
	if !errors.Is(err, done) {
		t.Fatalf("the run has ended before: %v", err)
	}
}

// Where the way out is blocked, the host is asked to exit once nothing is left, and
// what services have written is kept.
func TestAHardExitLeavesNothingAndAsksTheHost(t *testing.T) {
	here := project(t, "name = \"shop\"\n[services.idle]\ncommand = \"sleep 1000\"\nport = false\n")
	exits := make(chan int, 1)
	s, err := Open(Options{Locate: here, Exit: func(code int) { exits <- code }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(&pad{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, s.Control(), supervisor.StateReady)
	go s.HardExit(7)
	<-s.Ended()
	if code := <-exits; code != 7 {
		t.Errorf("exit code %d", code)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// What Open refuses is the mistake of whoever asked, and leaves nothing claimed.
func TestOpenRefusesWhatIsNotThere(t *testing.T) {
	here := project(t, oneTask)
	for _, o := range []Options{{Locate: here, Names: []string{"gret"}}, {Locate: Locate{File: "nosuch.toml", Dir: here.Dir}}} {
		_, err := Open(o)
		if _, ok := errors.AsType[*UsageError](err); !ok {
			t.Errorf("%+v: %v", o.Names, err)
		}
	}
	if runs := List(); len(runs) != 0 {
		t.Errorf("there are %+v", runs)
	}
}

func TestTakenPortsAndMistakesAreToldTogether(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := fmt.Sprintf("[services.api]\ncommand = \"sleep 1000\"\nport = %d\n", taken.Addr().(*net.TCPAddr).Port)
	for name, test := range map[string]struct {
		more     string
		mistakes int
	}{
		"a port alone":     {"", 0},
		"with one mistake": {"env = { A = \"{{env.LHRUN_NOWHERE}}\" }\n", 1},
		"with two":         {"env = { A = \"{{env.LHRUN_NOWHERE}}\" }\nworking_dir = \"{{dir}}/nowhere\"\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(Options{Locate: project(t, file+test.more)})
			busy, isBusy := errors.AsType[*ports.BusyError](err)
			mistakes, _ := errors.AsType[config.Mistakes](err)
			if !isBusy || len(mistakes) != test.mistakes {
				t.Fatalf("got %v", err)
			}
			for _, text := range append([]string{busy.Error()}, told(mistakes)...) {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q does not say %q", err, text)
				}
			}
		})
	}
}

func told(mistakes config.Mistakes) (texts []string) {
	for _, m := range mistakes {
		texts = append(texts, m.Msg)
	}
	return texts
}
