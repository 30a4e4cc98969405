package supervisor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// world is a supervisor over a fake platform inside a synctest bubble.
type world struct {
	*Supervisor
	t      *testing.T
	fake   *fakePlatform
	cancel func()
	ended  chan error
	events <-chan Event
}

func inWorld(t *testing.T, services []Service, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		fake := newFake()
		s, err := newSupervisor(Options{Services: services}, fake)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		w := &world{Supervisor: s, t: t, fake: fake, cancel: cancel, ended: make(chan error, 1)}
		w.events, _ = s.Subscribe(1000)
		go func() { w.ended <- s.Run(ctx) }()
		f(w)
		cancel()
		if err := <-w.ended; err != nil {
			t.Error(err)
		}
		if n := len(fake.live); n != 0 {
			t.Errorf("%d processes are left", n)
		}
	})
}

func svc(name string, needs ...string) Service {
	s := Service{Name: name, Command: []string{name}, Ready: Probe{Kind: ProbeNone}}
	for _, n := range needs {
		s.DependsOn = append(s.DependsOn, Dependency{Name: n})
	}
	return s
}

func withPort(s Service, port int) Service {
	s.Port, s.Ready = port, Probe{}
	return s
}

func (w *world) status(name string) Status {
	synctest.Wait()
	for _, st := range w.Snapshot() {
		if st.Name == name {
			return st
		}
	}
	w.t.Fatalf("no service %q", name)
	return Status{}
}

func (w *world) expect(name string, state State, reason string) {
	w.t.Helper()
	st := w.status(name)
	if st.State != state || !strings.Contains(st.Reason, reason) {
		w.t.Fatalf("%s is %s (%q), want %s (…%q…)", name, st.State, st.Reason, state, reason)
	}
}

func (w *world) start(names ...string) {
	w.t.Helper()
	if err := w.alone(VerbStart, names...); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

func (w *world) listen(name, addr string) {
	synctest.Wait()
	w.fake.instance(name).target.Opened(ports.Listener{Addr: netip.MustParseAddrPort(addr)})
	synctest.Wait()
}

func (w *world) notices() (out []string) {
	synctest.Wait()
	for {
		select {
		case e := <-w.events:
			if e.Kind == EventNotice {
				out = append(out, e.Service+" "+e.Text)
			}
		default:
			return out
		}
	}
}

func TestAServiceStartsAsSoonAsItsOwnDependenciesAllow(t *testing.T) {
	inWorld(t, []Service{
		withPort(svc("slow"), 1000), withPort(svc("db"), 1001), svc("api", "db"), svc("web", "api", "slow"),
	}, func(w *world) {
		w.start()
		w.expect("api", StateWaiting, "waits for db (starting)")
		w.listen("db", "127.0.0.1:1001")
		w.expect("db", StateReady, "")
		w.expect("api", StateReady, "")
		w.expect("web", StateWaiting, "waits for slow (starting)")
		if got := w.status("web").WaitsFor; !slices.Equal(got, []string{"slow"}) {
			t.Errorf("web waits for %v", got)
		}
		w.listen("slow", "127.0.0.1:1000")
		w.expect("web", StateReady, "")
	})
}

func TestAFailedDependencyFailsItsWaitersWithTheChain(t *testing.T) {
	migrate := Service{Name: "migrate", Command: []string{"migrate"}, Task: true}
	inWorld(t, []Service{migrate, svc("api", "migrate"), svc("web", "api"), svc("other")}, func(w *world) {
		w.start()
		w.fake.instance("migrate").die(3)
		w.expect("migrate", StateFailed, "exited with code 3")
		w.expect("api", StateFailed, "migrate failed: exited with code 3")
		w.expect("web", StateFailed, "api failed: migrate failed: exited with code 3")
		w.expect("other", StateReady, "")
	})
}

func TestAReasonNamesAFewAndCountsTheOthers(t *testing.T) {
	for _, n := range []int{1, maxReasons, maxReasons + 1, 200} {
		var services []Service
		var names []string
		for i := range n {
			task := svc(fmt.Sprint("t", i))
			task.Task = true
			services, names = append(services, task), append(names, task.Name)
		}
		inWorld(t, append(services, svc("api", names...)), func(w *world) {
			w.start()
			st := w.status("api")
			want := "waits for " + strings.Join(names, " (starting), ") + " (starting)"
			if n > maxReasons {
				want = fmt.Sprintf("waits for t0 (starting), t1 (starting) and %d more", n-2)
			}
			if st.Reason != want || !slices.Equal(st.WaitsFor, names) {
				t.Errorf("of %d: %.200q, waits for %d", n, st.Reason, len(st.WaitsFor))
			}
		})
	}
}

func TestATaskThatEndsWellLetsItsWaitersGo(t *testing.T) {
	migrate := Service{Name: "migrate", Command: []string{"migrate"}, Task: true}
	inWorld(t, []Service{migrate, svc("api", "migrate")}, func(w *world) {
		w.start()
		w.expect("api", StateWaiting, "migrate")
		w.fake.instance("migrate").die(0)
		w.expect("migrate", StateCompleted, "")
		w.expect("api", StateReady, "")
	})
}

func TestFiveRestartsInARowThenFailed(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		begin := time.Now()
		w.start()
		for n := range 5 {
			w.fake.instance("api").die(1)
			w.expect("api", StateBackoff, "exited with code 1")
			st := w.status("api")
			time.Sleep(time.Until(st.NextTry) - time.Millisecond)
			w.expect("api", StateBackoff, "")
			time.Sleep(time.Millisecond)
			w.expect("api", StateReady, "")
			if got := w.status("api").Restarts; got != n+1 {
				t.Errorf("restarts = %d, want %d", got, n+1)
			}
		}
		w.fake.instance("api").die(1)
		w.expect("api", StateFailed, "exited with code 1; gave up after 5 restarts")
		if took := time.Since(begin); took < 12*time.Second || took > 19*time.Second {
			t.Errorf("0.5+1+2+4+8 s of backoff took %s", took)
		}
	})
}

func TestAMinuteOfBeingReadyForgetsRestarts(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.start()
		for range 12 {
			w.fake.instance("api").die(1)
			w.expect("api", StateBackoff, "")
			time.Sleep(30 * time.Second)
			w.expect("api", StateReady, "")
			time.Sleep(time.Minute)
		}
		w.expect("api", StateReady, "")
	})
}

func TestStopGoesInReverseOrderAndInParallel(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api", "db"), svc("web", "api"), svc("mail", "db")}, func(w *world) {
		w.start()
		for _, name := range []string{"db", "api", "web", "mail"} {
			w.fake.stops[name] = time.Second
		}
		begin := time.Now()
		w.cancel()
		<-w.ended
		w.ended <- nil
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("three levels of one second each took %s", took)
		}
		order := strings.Join(w.fake.order[4:], " ")
		if !strings.HasSuffix(order, "-api -db") {
			t.Errorf("ended in the order %s", order)
		}
	})
}

func TestKillWaitsForNobody(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api", "db")}, func(w *world) {
		w.start()
		w.fake.stops["db"], w.fake.stops["api"] = time.Hour, time.Hour
		w.cancel()
		time.Sleep(time.Second)
		w.expect("api", StateStopping, "")
		begin := time.Now()
		w.Kill()
		<-w.ended
		w.ended <- nil
		if took := time.Since(begin); took != 0 {
			t.Errorf("kill took %s", took)
		}
	})
}

func TestStopTimeoutIsHandedToTheProcess(t *testing.T) {
	s := svc("db")
	s.Stop.Timeout = 3 * time.Second
	inWorld(t, []Service{s}, func(w *world) {
		w.start()
		w.fake.stops["db"] = time.Hour
		begin := time.Now()
		w.cancel()
		<-w.ended
		w.ended <- nil
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("stop took %s", took)
		}
	})
}

func TestARestartNeverOverlaps(t *testing.T) {
	inWorld(t, []Service{svc("db"), {Name: "api", Command: []string{"api"}, Ready: Probe{Kind: ProbeNone},
		DependsOn: []Dependency{{Name: "db", Restart: true}}}}, func(w *world) {
		w.start()
		w.fake.stops["db"] = 5 * time.Second
		for range 20 {
			if err := w.alone(VerbRestart, "db"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		w.expect("db", StateReady, "")
		w.expect("api", StateReady, "")
		if n := w.fake.starts["db"]; n != 21 {
			t.Errorf("db started %d times, want 21", n)
		}
		if n := w.fake.starts["api"]; n != 21 {
			t.Errorf("api, which restarts with db, started %d times, want 21", n)
		}
	})
}

func TestAMissingCommandFailsAtOnce(t *testing.T) {
	inWorld(t, []Service{svc("api"), svc("web", "api")}, func(w *world) {
		w.fake.refuse["api"] = &exec.Error{Name: "api", Err: exec.ErrNotFound}
		w.start()
		w.expect("api", StateFailed, "not found")
		w.expect("web", StateFailed, "api failed")
		if n := w.fake.starts["api"]; n != 1 {
			t.Errorf("tried %d times", n)
		}
	})
}

func TestABusyPortIsTriedAgain(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
		w.fake.busy[1000] = errors.New("port 1000 is held by pid 7")
		w.start()
		w.expect("api", StateBackoff, "held by pid 7")
		w.fake.mu.Lock()
		delete(w.fake.busy, 1000)
		w.fake.mu.Unlock()
		time.Sleep(time.Second)
		w.listen("api", "127.0.0.1:1000")
		w.expect("api", StateReady, "")
	})
}

func TestAStrangersListenerNeverMakesReady(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
		w.start()
		w.fake.instance("api").target.Stranger(
			ports.Listener{Addr: netip.MustParseAddrPort("127.0.0.1:1000")}, ports.Holder{PID: 7, Command: "squat"})
		time.Sleep(time.Hour)
		w.expect("api", StateStarting, "")
		if all := strings.Join(w.notices(), "\n"); !strings.Contains(all, "its port 1000 is held by") {
			t.Errorf("the stranger was not named: %s", all)
		}
	})
}

func TestWrongAndOpenListenersAreToldOnce(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:3000": "api listens on 127.0.0.1:3000, not on its port 1000",
		"0.0.0.0:1000":   "api listens on 0.0.0.0:1000, open to the network",
		"[::]:1000":      "api listens on [::]:1000, open to the network",
	} {
		inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
			w.start()
			w.listen("api", addr)
			w.listen("api", addr)
			got := w.notices()
			if len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("%s: told %q", addr, got)
			}
		})
	}
}

func TestASlowStarterIsNotKilledButExplained(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
		w.start()
		time.Sleep(35 * time.Second)
		w.expect("api", StateStarting, "")
		got := w.notices()
		if len(got) != 3 || !strings.Contains(got[0], "port 1000 yet; listen on $PORT, or set port = false if it serves nothing") {
			t.Errorf("told %q, without what to do", got)
		}
		if len(got) != 3 || got[2] != "api not ready after 30s: nothing listens on its port 1000 yet" {
			t.Errorf("told %q", got)
		}
		w.listen("api", "127.0.0.1:3000")
		time.Sleep(10 * time.Second)
		got = w.notices()
		if last := got[len(got)-1]; !strings.Contains(last, "it listens on 127.0.0.1:3000 instead") {
			t.Errorf("told %q", last)
		}
	})
}

func TestReadyTimeoutEndsASlowStarter(t *testing.T) {
	s := withPort(svc("api"), 1000)
	s.Ready.Timeout = 5 * time.Second
	s.Restart.Policy = RestartNo
	inWorld(t, []Service{s}, func(w *world) {
		w.start()
		time.Sleep(6 * time.Second)
		w.expect("api", StateFailed, "not ready within 5s: nothing listens on its port 1000 yet")
		if !w.status("api").TimedOut {
			t.Error("TimedOut is not set")
		}
	})
}

func TestAnExecProbeIsTriedUntilItPasses(t *testing.T) {
	s := svc("api")
	s.Ready = Probe{Kind: ProbeExec, Exec: []string{"ping"}}
	inWorld(t, []Service{s}, func(w *world) {
		begin := time.Now()
		w.fake.probe = func(string) (int, error) {
			if time.Since(begin) < 3*time.Second {
				return 1, nil
			}
			return 0, nil
		}
		w.start()
		w.expect("api", StateStarting, "")
		time.Sleep(4 * time.Second)
		w.expect("api", StateReady, "")
	})
}

func TestUnhealthyAfterRetriesThenRestarted(t *testing.T) {
	s := svc("api")
	s.Health = Health{Enabled: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"ping"}}}
	inWorld(t, []Service{s}, func(w *world) {
		var code atomic.Int32
		w.fake.probe = func(string) (int, error) { return int(code.Load()), nil }
		w.start()
		time.Sleep(time.Minute)
		w.expect("api", StateReady, "")
		code.Store(1)
		time.Sleep(20 * time.Second)
		w.expect("api", StateReady, "")
		time.Sleep(10 * time.Second)
		w.expect("api", StateBackoff, "unhealthy: exit code 1")
		code.Store(0)
		time.Sleep(10 * time.Second)
		w.expect("api", StateReady, "")
		if n := w.status("api").Restarts; n != 1 {
			t.Errorf("restarted %d times", n)
		}
	})
}

func TestStopWhileSpawningAndWhileBackingOff(t *testing.T) {
	inWorld(t, []Service{svc("api"), svc("web")}, func(w *world) {
		if err := errors.Join(w.alone(VerbStart, "api"), w.alone(VerbStop, "api")); err != nil {
			t.Fatal(err)
		}
		w.expect("api", StateStopped, "")
		w.start("web")
		w.fake.instance("web").die(1)
		w.expect("web", StateBackoff, "")
		if err := w.alone(VerbStop, "web"); err != nil {
			t.Fatal(err)
		}
		w.expect("web", StateStopped, "")
		time.Sleep(time.Hour)
		w.expect("web", StateStopped, "")
		if err := w.alone(VerbStop, "nobody"); err == nil {
			t.Error("an unknown service was stopped")
		}
	})
}

func TestNewRefusesWhatCannotRun(t *testing.T) {
	for name, services := range map[string][]Service{
		"two services named": {svc("a"), svc("a")},
		"unknown service":    {svc("a", "b")},
		"circle":             {svc("a", "b"), svc("b", "a")},
		"no command":         {{Name: "a"}},
	} {
		if _, err := newSupervisor(Options{Services: services}, newFake()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStartThatNobodyWantsAnyMoreIsCalledOff(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		calledOff := make(chan struct{})
		w.fake.slow["api"] = calledOff
		w.start()
		w.expect("api", StateStarting, "")
		if err := w.alone(VerbStop); err != nil {
			t.Fatal(err)
		}
		w.expect("api", StateStarting, "")
		close(calledOff)
		w.expect("api", StateStopped, "")
		if n := len(w.fake.order); n != 0 {
			t.Errorf("started %d times", n)
		}
		for len(w.events) > 0 {
			if e := <-w.events; e.Kind != EventState {
				t.Errorf("told %+v", e)
			}
		}
	})
}

func TestAServiceThatIsWantedAgainWhileItsStartIsCalledOffStarts(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		calledOff := make(chan struct{})
		w.fake.slow["api"] = calledOff
		w.start()
		if err := w.alone(VerbStop); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.fake.mu.Lock()
		delete(w.fake.slow, "api")
		w.fake.mu.Unlock()
		close(calledOff)
		w.expect("api", StateReady, "")
		if st := w.status("api"); st.Restarts != 1 {
			t.Errorf("%d restarts", st.Restarts)
		}
	})
}

func TestAServiceThatIsKilledAfterItsTimeIsTold(t *testing.T) {
	slow := svc("slow")
	slow.Stop.Timeout = 3 * time.Second
	inWorld(t, []Service{slow, svc("quick")}, func(w *world) {
		w.fake.stops["slow"], w.fake.stops["quick"] = time.Hour, time.Second
		w.start("slow", "quick")
		if err := w.alone(VerbStop, "slow", "quick"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := w.notices(); len(got) != 1 || got[0] != "slow did not end within 3s, and was killed" {
			t.Errorf("told: %q", got)
		}
	})
}
