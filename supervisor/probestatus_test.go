package supervisor

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheProbeThatIsWaitedForIsKnown(t *testing.T) {
	api, silent := svc("api"), withPort(svc("silent"), 1000)
	api.Ready = Probe{Kind: ProbeExec, Exec: []string{"ping", "pa$$word"}, Interval: time.Second}
	api.Health = Health{Enabled: true, Probe: Probe{Kind: ProbeExec, Exec: []string{"beat"}, Interval: 10 * time.Second}}
	api.Env = []string{"API_PASSWORD=pa$$word"}
	silent.Host = "127.0.0.1"
	inWorld(t, []Service{api, silent, svc("plain")}, func(w *world) {
		var code atomic.Int32
		code.Store(7)
		w.fake.probe = func(string) (int, error) {
			if code.Load() == 0 {
				return 0, nil
			}
			return 1, errors.New("no pa$$word")
		}
		w.start()
		time.Sleep(20*time.Second + 500*time.Millisecond)
		synctest.Wait()
		p := w.Probes()
		got := p["api"]
		if got.Kind != ProbeExec || got.Target != "ping ***" || got.Failures < 20 || got.Error != "no ***: says ping" || !got.Next.After(time.Now()) || got.Next.After(time.Now().Add(time.Second)) {
			t.Errorf("%+v", got)
		}
		if got := p["silent"]; got != (ProbeStatus{Kind: "port", Target: "127.0.0.1:1000"}) {
			t.Errorf("%+v", got)
		}
		if _, ok := p["plain"]; ok || len(p) != 2 {
			t.Errorf("%+v", p)
		}
		code.Store(0)
		time.Sleep(2 * time.Second)
		w.expect("api", StateReady, "")
		code.Store(7)
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if got := w.Probes()["api"]; got.Target != "beat" || got.Failures != 2 || got.Error != "no ***: says beat" || got.Next.Before(time.Now()) || got.Next.After(time.Now().Add(10*time.Second)) {
			t.Errorf("health: %+v", got)
		}
	})
}
