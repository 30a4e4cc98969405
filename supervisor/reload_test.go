package supervisor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func (w *world) apply(services []Service, restart ...string) <-chan struct{} {
	w.t.Helper()
	done, err := w.Apply(Reload{Services: services, Restart: restart})
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return done.Left
}

// since tells who started and ended after the first n.
func (w *world) since(n int) string {
	synctest.Wait()
	w.fake.mu.Lock()
	defer w.fake.mu.Unlock()
	return strings.Join(w.fake.order[n:], " ")
}

func isClosed(c <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func restarting(s Service, with string) Service {
	s.DependsOn = append(s.DependsOn, Dependency{Name: with, Restart: true})
	return s
}

func TestApplyOfTheSameRestartsNothing(t *testing.T) {
	services := []Service{svc("db"), svc("api", "db"), svc("web", "api")}
	inWorld(t, services, func(w *world) {
		w.start()
		slices.Reverse(services)
		left := w.apply(services)
		if got := w.since(3); got != "" || !isClosed(left) {
			t.Errorf("it did %q, closed %v", got, isClosed(left))
		}
		if got := w.Snapshot()[0].Name; got != "web" {
			t.Errorf("the first is %s, want web", got)
		}
	})
}

func TestApplyStopsRemovedServicesDependentsFirst(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api", "db"), svc("web", "api"), svc("kept", "db")}, func(w *world) {
		w.start()
		for _, name := range []string{"db", "api", "web"} {
			w.fake.stops[name] = time.Second
		}
		left := w.apply([]Service{svc("kept")})
		time.Sleep(2500 * time.Millisecond)
		if isClosed(left) {
			t.Error("left closed before db was gone")
		}
		time.Sleep(time.Second)
		if got := w.since(4); got != "-web -api -db" || !isClosed(left) {
			t.Errorf("it did %q, closed %v", got, isClosed(left))
		}
		if all := w.Snapshot(); len(all) != 1 || all[0].Name != "kept" {
			t.Errorf("left are %v", all)
		}
		if err := w.alone(VerbStart, "db"); err == nil {
			t.Error("a removed service can be started")
		}
		var removed []string
		for len(w.events) > 0 {
			if e := <-w.events; e.Kind == EventRemoved {
				removed = append(removed, e.Service)
			}
		}
		if !slices.Equal(removed, []string{"web", "api", "db"}) {
			t.Errorf("told %v", removed)
		}
	})
}

func TestAllIsWithoutWhatAReloadHasTakenAway(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("kept")}, func(w *world) {
		w.start()
		w.fake.stops["db"] = time.Second
		w.apply([]Service{svc("kept")})
		w.start() // All, while db is on its way out.
		time.Sleep(2 * time.Second)
		if got := w.since(2); got != "-db" {
			t.Errorf("it did %q, want db to end", got)
		}
		if all := w.Snapshot(); len(all) != 1 || all[0].Name != "kept" {
			t.Errorf("left are %v", all)
		}
	})
}

func TestApplyAddsWithoutStarting(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.start()
		w.apply([]Service{svc("api", "db"), svc("db")})
		w.expect("db", StateStopped, "not started")
		w.start("db")
		w.expect("db", StateReady, "")
		if got := w.since(1); got != "+db" {
			t.Errorf("it did %q", got)
		}
	})
}

func TestApplyStartsWhatItIsToldInTheSameStep(t *testing.T) {
	inWorld(t, []Service{svc("api"), svc("idle")}, func(w *world) {
		w.start("api")
		for len(w.events) > 0 {
			<-w.events
		}
		_, seq := w.SnapshotAt()
		done, err := w.Apply(Reload{Services: []Service{svc("api", "db"), svc("idle"), svc("db"), svc("more")}, Start: []string{"db", "idle", "api"}})
		if err != nil {
			t.Fatal(err)
		}
		w.expect("db", StateReady, "")
		w.expect("idle", StateReady, "")
		w.expect("more", StateStopped, "not started")
		if got := w.since(1); got != "+idle +db" && got != "+db +idle" || done.Seq != seq {
			t.Errorf("it did %q after event %d, want %d", got, done.Seq, seq)
		}
		for len(w.events) > 0 {
			if e := <-w.events; e.Service != "more" && e.Status.State == StateStopped {
				t.Errorf("%s was told to be stopped", e.Service)
			}
		}
	})
}

func TestAPortThatPassesOnIsWaitedFor(t *testing.T) {
	inWorld(t, []Service{withPort(svc("db"), 1000), withPort(svc("a"), 1001), withPort(svc("b"), 1002)}, func(w *world) {
		w.start()
		for _, name := range []string{"db", "a", "b"} {
			w.fake.stops[name] = 5 * time.Second
		}
		_, err := w.Apply(Reload{Start: []string{"database"}, Restart: []string{"a", "b"}, Services: []Service{
			withPort(svc("database"), 1000), withPort(svc("a"), 1002), withPort(svc("b"), 1001)}})
		if err != nil {
			t.Fatal(err)
		}
		w.expect("database", StateWaiting, "waits for db to give its port back (stopping)")
		time.Sleep(6 * time.Second)
		for name, addr := range map[string]string{"database": "127.0.0.1:1000", "a": "127.0.0.1:1002", "b": "127.0.0.1:1001"} {
			w.listen(name, addr)
			w.expect(name, StateReady, "")
			if n := w.status(name).Restarts; n > 1 {
				t.Errorf("%s was restarted %d times", name, n)
			}
		}
	})
}

func TestApplyRestartsWhatItIsToldAndOnlyOnce(t *testing.T) {
	for _, services := range [][]Service{
		{svc("db"), restarting(svc("api"), "db"), restarting(svc("web"), "api"), svc("other", "db")},
		{svc("other", "db"), restarting(svc("web"), "api"), restarting(svc("api"), "db"), svc("db")},
	} {
		inWorld(t, services, func(w *world) {
			w.start()
			w.fake.stops["db"], w.fake.stops["api"] = time.Second, time.Second
			w.apply(services, "db", "api", "web")
			time.Sleep(10 * time.Second)
			if got := w.since(4); got != "-web -api -db +db +api +web" {
				t.Errorf("it did %q", got)
			}
		})
	}
}

func TestApplyLeavesWhatNobodyWantsUpAlone(t *testing.T) {
	inWorld(t, []Service{svc("api"), svc("web")}, func(w *world) {
		w.start("web")
		if err := w.alone(VerbStop, "web"); err != nil {
			t.Fatal(err)
		}
		w.apply([]Service{svc("api"), svc("web")}, "api", "web")
		w.expect("api", StateStopped, "")
		w.expect("web", StateStopped, "")
	})
}

func TestApplyStartsAFailedServiceAndThoseThatFailedForIt(t *testing.T) {
	migrate := Service{Name: "migrate", Command: []string{"migrate"}, Task: true}
	services := []Service{migrate, svc("api", "migrate"), svc("web", "api")}
	inWorld(t, services, func(w *world) {
		w.start()
		w.fake.instance("migrate").die(3)
		w.expect("web", StateFailed, "api failed")
		w.apply(services, "migrate")
		w.expect("web", StateWaiting, "waits for api")
		w.fake.instance("migrate").die(0)
		w.expect("web", StateReady, "")
	})
}

func TestARemovedServiceMayComeBackWhileItStops(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api")}, func(w *world) {
		w.start()
		w.fake.stops["db"] = 5 * time.Second
		w.apply([]Service{svc("api")})
		time.Sleep(time.Second)
		w.expect("db", StateStopping, "")
		w.apply([]Service{svc("api"), svc("db")})
		w.start("db")
		w.expect("db", StateStopping, "")
		time.Sleep(5 * time.Second)
		w.expect("db", StateReady, "")
		if got := w.since(2); got != "-db +db" {
			t.Errorf("it did %q", got)
		}
	})
}

func TestARestartedServiceEndsInItsOldWayAndAnotherInTheNew(t *testing.T) {
	ends := func(s Service, sig syscall.Signal) Service {
		s.Stop.Signal = sig
		return s
	}
	inWorld(t, []Service{ends(svc("api"), syscall.SIGINT), ends(svc("web"), syscall.SIGINT)}, func(w *world) {
		w.start()
		api, web := w.fake.instance("api"), w.fake.instance("web")
		w.apply([]Service{ends(svc("api"), syscall.SIGQUIT), ends(svc("web"), syscall.SIGQUIT)}, "api")
		if err := w.alone(VerbStop, "web"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if api.signals[0] != syscall.SIGINT || web.signals[0] != syscall.SIGQUIT {
			t.Errorf("api got %v, web %v", api.signals, web.signals)
		}
	})
}

func TestAChangedPortHoldsFromTheNextStart(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
		w.start()
		w.listen("api", "127.0.0.1:1000")
		w.fake.stops["api"] = 5 * time.Second
		w.apply([]Service{withPort(svc("api"), 1001)}, "api")
		time.Sleep(6 * time.Second)
		w.listen("api", "127.0.0.1:1001")
		w.expect("api", StateReady, "")
		if st := w.status("api"); st.Port != 1001 {
			t.Errorf("its port is %d", st.Port)
		}
		if got := w.notices(); len(got) != 0 {
			t.Errorf("told %q", got)
		}
	})
}

func TestApplyRefusesWhatCannotRunAndChangesNothing(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api", "db")}, func(w *world) {
		w.start()
		for _, bad := range [][]Service{
			{svc("db", "api"), svc("api", "db")}, {svc("api", "db")}, {svc("db"), svc("db")}, {{Name: "db"}},
		} {
			if _, err := w.Apply(Reload{Services: bad, Restart: []string{"db"}}); err == nil {
				t.Errorf("%v was taken", bad)
			}
		}
		if got := w.since(2); got != "" || len(w.Snapshot()) != 2 {
			t.Errorf("it did %q", got)
		}
	})
}

func TestApplyAfterTheEndIsRefused(t *testing.T) {
	inWorld(t, []Service{svc("db")}, func(w *world) {
		w.start()
		w.fake.stops["db"] = time.Second
		w.cancel()
		synctest.Wait()
		if _, err := w.Apply(Reload{Services: []Service{svc("db")}}); !errors.Is(err, ErrEnding) {
			t.Errorf("while it ends: %v", err)
		}
		time.Sleep(2 * time.Second)
		if _, err := w.Apply(Reload{Services: []Service{svc("db")}}); !errors.Is(err, ErrEnded) {
			t.Errorf("after its end: %v", err)
		}
	})
}

func TestAChangedHealthProbeHoldsAtOnce(t *testing.T) {
	asks := func(what string, h Health) Service {
		s := svc("api")
		s.Health = h
		s.Health.Enabled, s.Health.Kind, s.Health.Exec = true, ProbeExec, []string{what}
		return s
	}
	inWorld(t, []Service{svc("api")}, func(w *world) {
		var asked atomic.Value
		asked.Store("")
		w.fake.probe = func(what string) (int, error) { asked.Store(what); return 1, nil }
		w.start()
		time.Sleep(time.Hour)
		if got := asked.Load(); got != "" {
			t.Errorf("%s was asked", got)
		}
		w.apply([]Service{asks("one", Health{NoRestart: true})})
		time.Sleep(time.Minute)
		w.expect("api", StateUnhealthy, "says one")
		w.apply([]Service{asks("two", Health{NoRestart: true, Retries: 2})})
		time.Sleep(time.Minute)
		w.expect("api", StateUnhealthy, "says two")
		w.apply([]Service{svc("api")})
		w.expect("api", StateReady, "")
		time.Sleep(time.Hour)
		w.expect("api", StateReady, "")
		if got := w.since(1); got != "" {
			t.Errorf("it did %q", got)
		}
	})
}

func TestFilesChangedRestartsWhatIsUpAndStartsWhatHasFailed(t *testing.T) {
	inWorld(t, []Service{svc("up"), svc("down"), svc("crashed")}, func(w *world) {
		w.start("up", "crashed")
		w.fake.instance("crashed").die(1)
		w.expect("crashed", StateBackoff, "")
		for _, name := range []string{"up", "down", "crashed"} {
			if err := w.FilesChanged(name, "main.go", "main.go changed", 0); err != nil {
				t.Fatal(err)
			}
		}
		w.expect("up", StateReady, "")
		w.expect("down", StateStopped, "not started")
		w.expect("crashed", StateReady, "")
		if got := w.since(3); got != "-up +up +crashed" && got != "+crashed -up +up" && got != "-up +crashed +up" {
			t.Errorf("it did %q", got)
		}
		want := []string{"up restarts: main.go changed", "crashed starts again: main.go changed"}
		if got := w.notices(); !slices.Equal(got, want) {
			t.Errorf("told %q", got)
		}
	})
}

func TestFilesChangedWhileItStopsMakesOneRestart(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.start()
		w.fake.stops["api"] = time.Second
		for range 10 {
			if err := w.FilesChanged("api", "main.go", "main.go changed", 0); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if got := w.since(1); got != "-api +api" || len(w.notices()) != 1 {
			t.Errorf("it did %q", got)
		}
	})
}

func TestFilesChangedWithASignalSendsItOnlyToWhatRuns(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.start()
		p := w.fake.instance("api")
		if err := w.FilesChanged("api", "main.go", "main.go changed", syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(p.signals, []syscall.Signal{syscall.SIGHUP}) {
			t.Errorf("it got %v", p.signals)
		}
		p.die(1)
		w.expect("api", StateBackoff, "")
		if err := w.FilesChanged("api", "main.go", "main.go changed", syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		w.expect("api", StateReady, "")
	})
}

func TestATaskThatRestartsWithItsDependencyIsDoneAgain(t *testing.T) {
	migrate := restarting(Service{Name: "migrate", Command: []string{"migrate"}, Task: true}, "db")
	inWorld(t, []Service{svc("db"), migrate}, func(w *world) {
		w.start()
		w.fake.instance("migrate").die(0)
		w.expect("migrate", StateCompleted, "")
		if err := w.alone(VerbRestart, "db"); err != nil {
			t.Fatal(err)
		}
		w.expect("migrate", StateStarting, "")
	})
}

func TestAnUnhealthyServiceKeepsItsWaitersWaiting(t *testing.T) {
	s := svc("db")
	s.Health = Health{Enabled: true, NoRestart: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"ping"}}}
	inWorld(t, []Service{s, svc("api", "db"), svc("late", "db")}, func(w *world) {
		var code atomic.Int32
		w.fake.probe = func(string) (int, error) { return int(code.Load()), nil }
		w.start("db", "api")
		code.Store(7)
		time.Sleep(time.Minute)
		w.expect("db", StateUnhealthy, "exit code 7: says ping (6 failures in a row)")
		w.expect("api", StateReady, "")
		w.do(Command{Verb: VerbStart, Services: []string{"late"}})
		w.expect("late", StateWaiting, "waits for db (unhealthy)")
		code.Store(0)
		time.Sleep(10 * time.Second)
		w.expect("db", StateReady, "")
		w.expect("late", StateReady, "")
		if got := w.since(2); got != "+late" {
			t.Errorf("it did %q", got)
		}
	})
}

func TestOneGoodAnswerForgetsTheBadOnes(t *testing.T) {
	s := svc("api")
	s.Health = Health{Enabled: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"ping"}, Interval: time.Second}}
	inWorld(t, []Service{s}, func(w *world) {
		var n atomic.Int32
		w.fake.probe = func(string) (int, error) { return int(n.Add(1)) % 3, nil }
		w.start()
		time.Sleep(time.Hour)
		w.expect("api", StateReady, "")
		if got := w.since(1); got != "" || n.Load() < 3000 {
			t.Errorf("it did %q in %d tries", got, n.Load())
		}
	})
}

func TestAnAlwaysUnhealthyServiceIsRestartedAFewTimesThenFails(t *testing.T) {
	s := svc("api")
	s.Health = Health{Enabled: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"ping"}, Interval: time.Second}}
	inWorld(t, []Service{s, restarting(svc("web"), "api")}, func(w *world) {
		w.fake.probe = func(string) (int, error) { return 1, nil }
		w.start()
		time.Sleep(time.Hour)
		w.expect("api", StateFailed, "unhealthy: exit code 1: says ping (3 failures in a row); gave up after 5 restarts")
		if n := w.fake.starts["api"]; n != 6 {
			t.Errorf("it started %d times, want 6", n)
		}
		if n := w.fake.starts["web"]; n != 6 {
			t.Errorf("web, which restarts with it, started %d times, want 6", n)
		}
	})
}

func TestAnUnhealthyServiceThatIsNeverRestartedGoesOn(t *testing.T) {
	s := svc("api")
	s.Restart.Policy = RestartNo
	s.Health = Health{Enabled: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"ping"}}}
	inWorld(t, []Service{s}, func(w *world) {
		w.fake.probe = func(string) (int, error) { return 1, nil }
		w.start()
		time.Sleep(time.Hour)
		w.expect("api", StateUnhealthy, "")
		if got := w.since(1); got != "" {
			t.Errorf("it did %q", got)
		}
	})
}

func TestAHealthProbeThatHangsEndsAtItsTimeout(t *testing.T) {
	s := svc("api")
	s.Health = Health{Enabled: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"ping"}, Timeout: 2 * time.Second}}
	inWorld(t, []Service{s}, func(w *world) {
		w.fake.hang = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		w.start()
		time.Sleep(31 * time.Second)
		w.expect("api", StateReady, "")
		time.Sleep(time.Second)
		w.expect("api", StateBackoff, "unhealthy: still running after 2s")
	})
}
