package supervisor

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestPrepareComesBeforeEachStartAndItsErrorIsTheReason(t *testing.T) {
	inWorld(t, []Service{svc("db"), svc("api", "db")}, func(w *world) {
		var prepared atomic.Int32
		w.opts.Prepare = func(s Service) error {
			if s.Name != "db" {
				return nil
			}
			if prepared.Add(1) == 2 {
				return errors.New("no certificate")
			}
			return nil
		}
		w.start()
		w.expect("api", StateReady, "")
		w.fake.instance("db").die(1)
		w.expect("db", StateBackoff, "exited with code 1")
		time.Sleep(time.Until(w.status("db").NextTry))
		w.expect("db", StateBackoff, "no certificate")
		time.Sleep(time.Until(w.status("db").NextTry))
		w.expect("db", StateReady, "")
		if n := prepared.Load(); n != 3 {
			t.Errorf("it was prepared %d times, want 3", n)
		}
	})
}
