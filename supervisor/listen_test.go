package supervisor

import (
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/ports"
)

func (w *world) shut(name, addr string) {
	synctest.Wait()
	w.fake.instance(name).target.Closed(ports.Listener{Addr: netip.MustParseAddrPort(addr)})
	synctest.Wait()
}

func TestAServiceThatListensNoMoreIsUnhealthyUntilItDoes(t *testing.T) {
	probed := withPort(svc("exec"), 1001)
	probed.Ready = Probe{Kind: ProbeExec, Exec: []string{"check"}}
	inWorld(t, []Service{withPort(svc("api"), 1000), probed, svc("web", "api")}, func(w *world) {
		w.fake.probe = func(string) (int, error) { return 0, nil }
		w.start("api", "exec")
		for name, addr := range map[string]string{"api": "127.0.0.1:1000", "exec": "0.0.0.0:1001"} {
			w.listen(name, addr)
			w.expect(name, StateReady, "")
			w.shut(name, addr)
			w.expect(name, StateUnhealthy, "nothing listens on its port "+addr[len(addr)-4:]+" any more")
		}
		w.do(Command{Verb: VerbStart, Services: []string{"web"}})
		w.expect("web", StateWaiting, "waits for api (unhealthy)")
		time.Sleep(time.Hour)
		w.expect("api", StateUnhealthy, "")
		w.listen("api", "127.0.0.1:1000")
		w.expect("api", StateReady, "")
		w.expect("web", StateReady, "")
		if w.fake.starts["api"] != 1 || w.fake.starts["exec"] != 1 {
			t.Errorf("started %v", w.fake.starts)
		}
	})
}

func TestOneOfTwoListenersIsEnough(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
		w.start()
		w.listen("api", "127.0.0.1:1000")
		w.listen("api", "0.0.0.0:1000")
		w.shut("api", "127.0.0.1:1000")
		w.expect("api", StateReady, "")
		w.shut("api", "0.0.0.0:1000")
		w.expect("api", StateUnhealthy, "any more")
	})
}

func TestWhoNeverServedAPortHasNotLostIt(t *testing.T) {
	handed := withPort(svc("handed"), 1000)
	handed.Listen = true
	none := withPort(svc("none"), 1001)
	none.Ready = Probe{Kind: ProbeNone}
	inWorld(t, []Service{handed, none, svc("portless")}, func(w *world) {
		w.fake.busy[1000] = errors.New("it is only to be a fake")
		w.start("none", "portless")
		w.listen("portless", "127.0.0.1:3000")
		w.shut("portless", "127.0.0.1:3000")
		w.listen("none", "127.0.0.1:3001")
		w.shut("none", "127.0.0.1:3001")
		w.expect("none", StateReady, "")
		w.expect("portless", StateReady, "")
	})
	if port := handed.servingPort(); port != 0 {
		t.Errorf("a service whose sockets the supervisor holds has to listen on %d", port)
	}
}

// A check that passes says nothing about a port that nobody listens on.
func TestAHealthyAnswerDoesNotMakeALostPortReady(t *testing.T) {
	api := withPort(svc("api"), 1000)
	api.Health = Health{Enabled: true, NoRestart: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"check"}, Interval: time.Second}}
	inWorld(t, []Service{api}, func(w *world) {
		var code atomic.Int32
		w.fake.probe = func(string) (int, error) { return int(code.Load()), nil }
		w.start()
		w.listen("api", "127.0.0.1:1000")
		w.shut("api", "127.0.0.1:1000")
		time.Sleep(time.Minute)
		w.expect("api", StateUnhealthy, "any more")
		code.Store(1)
		time.Sleep(time.Minute)
		w.listen("api", "127.0.0.1:1000")
		w.expect("api", StateUnhealthy, "in a row")
		code.Store(0)
		time.Sleep(time.Minute)
		w.expect("api", StateReady, "")
	})
}

func TestAPortThatIsLostDuringTheStartIsProbedAgain(t *testing.T) {
	const addr = "127.0.0.1:1" // Nobody listens there.
	api := withPort(svc("api"), 1)
	api.Ready = Probe{Kind: ProbeTCP, Target: addr, Own: true}
	inWorld(t, []Service{api}, func(w *world) {
		w.start()
		for range 2 {
			w.listen("api", addr)
			time.Sleep(time.Second)
			w.expect("api", StateStarting, "connection refused")
			w.shut("api", addr)
			time.Sleep(time.Second)
			w.expect("api", StateStarting, "nothing listens on its port 1 any more")
		}
	})
}

func TestWhatOthersDoNotReachIsNotReadyAndSaysWhere(t *testing.T) {
	for addr, v6Only := range map[string]bool{"[::1]:1000": false, "127.0.0.2:1000": false, "192.168.7.7:1000": false, "[::]:1000": true} {
		inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
			w.start()
			w.fake.instance("api").target.Opened(ports.Listener{Addr: netip.MustParseAddrPort(addr), V6Only: v6Only})
			w.expect("api", StateStarting, "it listens on "+addr+" but not on 127.0.0.1")
			time.Sleep(11 * time.Second)
			all := strings.Join(w.notices(), "\n")
			if !strings.Contains(all, "api listens on "+addr+" but not on 127.0.0.1") || !strings.Contains(all, "not ready after 10s: it listens on "+addr) {
				t.Errorf("%s: told %q", addr, all)
			}
			w.listen("api", "127.0.0.1:1000")
			w.expect("api", StateReady, "")
		})
	}
}

func TestAnAddressThatIsAskedForIsTheOneToListenOn(t *testing.T) {
	byURL, byProbe := withPort(svc("url"), 1000), withPort(svc("probe"), 1001)
	byURL.URL = "http://[::1]:1000"
	byProbe.Ready = Probe{Kind: ProbeTCP, Target: "[::1]:1001", Own: true}
	named := withPort(svc("named"), 1002)
	named.URL = "http://localhost:1002"
	for _, c := range []struct {
		svc  Service
		want string
	}{{byURL, "::1"}, {byProbe, "::1"}, {named, "127.0.0.1"}} {
		s := c.svc.withDefaults()
		if got := s.host(); got != c.want {
			t.Errorf("%s is looked for on %s", s.Name, got)
		}
	}
	inWorld(t, []Service{byURL}, func(w *world) {
		w.start()
		w.listen("url", "[::1]:1000")
		w.expect("url", StateReady, "")
		time.Sleep(time.Minute)
		if all := w.notices(); len(all) != 0 {
			t.Errorf("told %q", all)
		}
	})
}

func TestBothFamiliesInEitherOrderAreNoMistake(t *testing.T) {
	for _, order := range [][]string{{"[::1]:1000", "127.0.0.1:1000"}, {"127.0.0.1:1000", "[::1]:1000"}} {
		inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
			w.start()
			for _, addr := range order {
				w.listen("api", addr)
				time.Sleep(1300 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			if all := w.notices(); len(all) != 0 {
				t.Errorf("%v: told %q", order, all)
			}
		})
	}
}

func TestASilentStarterIsToldHowToBeHeard(t *testing.T) {
	const hint = "it has written nothing yet; many programs buffer a pipe: tty = true"
	silent, tty := svc("silent"), svc("tty")
	silent.Ready = Probe{Kind: ProbeLog, Target: "listening"}
	tty.Ready, tty.TTY = silent.Ready, true
	inWorld(t, []Service{silent, tty}, func(w *world) {
		w.start()
		time.Sleep(21 * time.Second)
		var told []string
		for _, line := range w.notices() {
			if strings.Contains(line, hint) {
				told = append(told, line)
			}
		}
		if len(told) != 1 || !strings.HasPrefix(told[0], "silent not ready after 10s") {
			t.Errorf("told %q", told)
		}
	})
}

func TestAContainerIsToldWhatToDo(t *testing.T) {
	const hint = "set external = true"
	for _, c := range []struct {
		command string
		holder  string
		want    bool
	}{
		{"sh -c docker run --rm -p $PORT:5432 postgres", "", true},
		{"docker compose up db", "", true},
		{"podman run -p 1000:80 nginx", "", true},
		{"docker-compose up", "", true},
		{"node server.js", "/usr/bin/docker-proxy -proto tcp -host-port 1000", true},
		{"node server.js", "node other.js", false},
		{"docker build .", "", false},
		{"npm run docker", "", false},
	} {
		inWorld(t, []Service{withPort(Service{Name: "db", Command: append([]string{"db"}, strings.Fields(c.command)...)}, 1000)}, func(w *world) {
			w.start()
			if c.holder != "" {
				w.fake.instance("db").target.Stranger(
					ports.Listener{Addr: netip.MustParseAddrPort("127.0.0.1:1000")}, ports.Holder{PID: 7, Command: c.holder})
			}
			time.Sleep(11 * time.Second)
			if all := strings.Join(w.notices(), "\n"); strings.Contains(all, hint) != c.want {
				t.Errorf("%s, held by %q: told %q", c.command, c.holder, all)
			}
		})
	}
}

func TestAPortInTimeWaitIsWaitedForWithoutATry(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000), withPort(svc("web"), 1001)}, func(w *world) {
		until := time.Now().Add(43 * time.Second)
		w.fake.setBusy(1000, &ports.BusyError{Port: 1000, Holder: ports.Holder{TimeWait: time.Until(until)}})
		w.start()
		w.expect("api", StateStarting, "port 1000 is in TIME_WAIT, free in 43 s")
		w.listen("web", "127.0.0.1:1001")
		time.Sleep(40 * time.Second)
		w.fake.setBusy(1000, &ports.BusyError{Port: 1000, Holder: ports.Holder{TimeWait: time.Until(until)}})
		time.Sleep(time.Second)
		w.expect("api", StateStarting, "free in 3 s")
		w.fake.setBusy(1000, nil)
		time.Sleep(3 * time.Second)
		w.listen("api", "127.0.0.1:1000")
		w.expect("api", StateReady, "")
		if st := w.status("api"); st.Restarts != 0 {
			t.Errorf("%d restarts", st.Restarts)
		}
		if all := w.notices(); len(all) != 1 || all[0] != "api cannot start yet: port 1000 is in TIME_WAIT, free in 43 s" {
			t.Errorf("told %q", all)
		}
	})
}

func TestAServiceThatWaitsForItsPortCanBeStopped(t *testing.T) {
	inWorld(t, []Service{withPort(svc("api"), 1000)}, func(w *world) {
		w.fake.setBusy(1000, &ports.BusyError{Port: 1000, Holder: ports.Holder{TimeWait: time.Minute}})
		w.start()
		if err := w.alone(VerbStop, "api"); err != nil {
			t.Fatal(err)
		}
		w.expect("api", StateStopped, "")
		w.fake.setBusy(1000, nil)
	})
}
