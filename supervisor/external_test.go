package supervisor

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// outside has err for who listens on port 1000.
func (w *world) outside(err error) {
	w.fake.mu.Lock()
	w.fake.outside[1000] = err
	w.fake.mu.Unlock()
}

func external(s Service) Service {
	s = withPort(s, 1000)
	s.External, s.Command = true, nil
	return s
}

func TestAnExternalServiceIsWhoeverListensOnItsPort(t *testing.T) {
	inWorld(t, []Service{external(svc("db")), svc("api", "db")}, func(w *world) {
		w.fake.busy[1000] = errors.New("held")
		w.do(Command{Verb: VerbStart, Services: []string{"api"}})
		time.Sleep(time.Second)
		w.expect("db", StateStarting, "nobody listens on its port 1000")
		w.expect("api", StateWaiting, "waits for db (starting)")
		w.outside(errors.New("another user listens there: pid 7"))
		time.Sleep(time.Second)
		w.expect("db", StateStarting, "nobody of this user listens on its port 1000: another user listens there: pid 7")

		w.outside(nil)
		time.Sleep(time.Second)
		w.expect("db", StateReady, "external")
		w.expect("api", StateReady, "")
		if st := w.status("db"); st.PID != 0 {
			t.Errorf("its pid is %d", st.PID)
		}
		if all := w.Handles(true); len(all) != 1 {
			t.Errorf("a crash would leave %v", all)
		}

		w.outside(ports.ErrNobody)
		time.Sleep(2 * time.Second)
		w.expect("db", StateUnhealthy, "nobody listens on its port 1000 (2 failures in a row)")
		w.outside(nil)
		time.Sleep(2 * time.Second)
		w.expect("db", StateReady, "external")

		accepted := w.do(Command{Verb: VerbRestart, Services: []string{"db"}})
		time.Sleep(time.Second)
		w.expect("db", StateReady, "external")
		if !slices.Equal(accepted.Changed, []string{"db"}) {
			t.Errorf("changed %v", accepted.Changed)
		}
		w.do(Command{Verb: VerbStop, Services: []string{"db"}})
		time.Sleep(time.Second)
		w.expect("db", StateStopped, "")
		if st := w.status("db"); st.ExitCode != nil {
			t.Errorf("its exit code is %d", *st.ExitCode)
		}
		if w.fake.starts["db"] > 0 {
			t.Error("it was started")
		}
	})
}

func TestAnExternalServiceIsProbedOnTopOfThat(t *testing.T) {
	db := external(svc("db"))
	db.Ready = Probe{Kind: ProbeExec, Exec: []string{"ping"}}
	inWorld(t, []Service{db}, func(w *world) {
		var code atomic.Int32
		code.Store(1)
		w.fake.probe = func(string) (int, error) { return int(code.Load()), nil }
		w.start("db")
		time.Sleep(time.Second)
		w.expect("db", StateStarting, "exit code 1: says ping")
		code.Store(0)
		time.Sleep(time.Second)
		synctest.Wait()
		w.expect("db", StateReady, "external")
	})
}
