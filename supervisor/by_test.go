package supervisor

import (
	"strings"
	"testing"
	"time"
)

func byPID(pid int, command string) By { return By{Who: ByProcess, PID: pid, Command: command} }

// TestEachChangeSaysByWhom: whoever asks, the watched file, or the supervisor itself.
func TestEachChangeSaysByWhom(t *testing.T) {
	task := svc("task")
	task.Task = true
	inWorld(t, []Service{svc("db"), restarting(svc("api"), "db"), svc("idle"), task}, func(w *world) {
		up, restart, stop := byPID(1, "lhrun up"), byPID(2, "lhrun restart db"), byPID(3, "lhrun stop api")
		is := func(name string, want By) {
			t.Helper()
			if got := w.status(name).By; got != want {
				t.Errorf("%s is so by %+v, want %+v", name, got, want)
			}
		}
		is("db", By{})
		w.do(Command{Verb: VerbStart, Services: []string{"db", "api", "task"}, By: up})
		w.fake.instance("task").die(0)
		w.expect("task", StateCompleted, "")
		w.expect("api", StateReady, "")
		is("db", up)
		is("api", up)
		is("task", up)
		is("idle", By{})
		w.do(Command{Verb: VerbRestart, Services: []string{"db"}, By: restart})
		w.expect("db", StateReady, "")
		is("db", restart)
		is("api", restart) // It restarts with db.
		w.do(Command{Verb: VerbStart, Services: []string{"api"}, By: stop})
		is("api", restart) // Nothing had to be done.
		w.fake.instance("db").die(1)
		w.expect("db", StateBackoff, "exited with code 1")
		is("db", itself)
		if err := w.FilesChanged("api", "main.go", "main.go changed", 0); err != nil {
			t.Fatal(err)
		}
		is("api", By{Who: ByWatch, File: "main.go"})
		w.do(Command{Verb: VerbStop, Services: []string{"api"}, By: stop})
		w.expect("api", StateStopped, "")
		is("api", stop)
		down := byPID(4, "lhrun down")
		w.EndsBy(down)
		w.cancel()
		<-w.Done()
		is("db", down)
		is("api", stop)
	})
}

func TestWhatIsAskedIsAnEventWithoutSecrets(t *testing.T) {
	s := svc("api")
	s.Env = []string{"API_TOKEN=hunter22secret"}
	inWorld(t, []Service{s}, func(w *world) {
		w.do(Command{Verb: VerbStart, By: byPID(7, "make --token=hunter22secret "+strings.Repeat("x", 500))})
		w.EndsBy(byPID(8, "lhrun down"))
		var asked []string
		for len(asked) < 2 {
			select {
			case e := <-w.events:
				if e.Kind == EventAsked {
					asked = append(asked, e.Text)
				}
				if strings.Contains(e.By.Command+e.Status.By.Command, "hunter") || len(e.By.Command) > 130 {
					t.Errorf("event %d tells %q", e.Seq, e.By.Command)
				}
			case <-time.After(time.Minute):
				t.Fatalf("asked %q", asked)
			}
		}
		if asked[0] != "start" || asked[1] != "down" {
			t.Errorf("asked %q", asked)
		}
	})
}
