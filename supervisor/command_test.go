package supervisor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func (w *world) do(c Command) Accepted {
	w.t.Helper()
	accepted, err := w.Do(c)
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
	return accepted
}

// alone asks for a change of the named services and of no others.
func (s *Supervisor) alone(verb Verb, names ...string) error {
	_, err := s.Do(Command{Verb: verb, Services: names, NoDeps: true})
	return err
}

func TestACommandConcernsWhatBelongsToIt(t *testing.T) {
	task := svc("migrate", "db")
	task.Task = true
	services := []Service{svc("web", "api"), svc("api", "db", "migrate"), svc("other"), task, svc("db")}
	all := []string{"db", "migrate", "api", "web"}
	inWorld(t, services, func(w *world) {
		accepted := w.do(Command{Verb: VerbStart, Services: []string{"web"}})
		if !slices.Equal(accepted.Services, all) || !slices.Equal(accepted.Changed, all) {
			t.Errorf("starting web concerns %v, changes %v", accepted.Services, accepted.Changed)
		}
		w.fake.instance("migrate").die(0)
		w.expect("web", StateReady, "")
		w.expect("other", StateStopped, "not started")

		accepted = w.do(Command{Verb: VerbStart, Services: []string{"web", "migrate"}, Missing: true})
		if !slices.Equal(accepted.Services, all) || accepted.Changed != nil {
			t.Errorf("nothing is missing, and yet %v of %v changed", accepted.Changed, accepted.Services)
		}
		if accepted = w.do(Command{Verb: VerbStart, Services: []string{"web", "migrate"}}); !slices.Equal(accepted.Changed, []string{"migrate"}) {
			t.Errorf("a task that is named runs again; changed: %v", accepted.Changed)
		}
		w.fake.instance("migrate").die(0)

		accepted = w.do(Command{Verb: VerbStop, Services: []string{"db"}, NoDeps: true})
		if !slices.Equal(accepted.Changed, []string{"db"}) {
			t.Errorf("stopping db alone changes %v", accepted.Changed)
		}
		time.Sleep(time.Second)
		w.expect("api", StateReady, "")
		w.expect("db", StateStopped, "")

		accepted = w.do(Command{Verb: VerbRestart, Services: []string{"api"}})
		if !slices.Equal(accepted.Changed, []string{"db", "api"}) {
			t.Errorf("restarting api starts db as well; changed: %v", accepted.Changed)
		}
		time.Sleep(time.Second)
		w.expect("api", StateReady, "")

		accepted = w.do(Command{Verb: VerbStop, Services: []string{"db"}})
		if !slices.Equal(accepted.Services, all) || !slices.Equal(accepted.Changed, []string{"db", "api", "web"}) {
			t.Errorf("stopping db concerns %v, changes %v", accepted.Services, accepted.Changed)
		}
		time.Sleep(time.Second)
		if w.status("web").Wanted || w.status("db").Wanted {
			t.Error("somebody still wants what was stopped")
		}
		w.expect("migrate", StateCompleted, "")

		if _, err := w.Do(Command{Verb: VerbStart, Services: []string{"dbb"}}); err == nil {
			t.Error("an unknown service was started")
		}
	})
}

func TestARestartOfAllLeavesOutWhatIsDownOrDone(t *testing.T) {
	task := svc("migrate")
	task.Task = true
	inWorld(t, []Service{svc("api"), svc("idle"), task}, func(w *world) {
		w.start("api", "migrate")
		w.fake.instance("migrate").die(0)
		synctest.Wait()
		if accepted := w.do(Command{Verb: VerbRestart}); !slices.Equal(accepted.Changed, []string{"api"}) {
			t.Errorf("restarted: %v", accepted.Changed)
		}
	})
}

func TestACommandCountsWhatBeginsWithWhatItHadFailedBy(t *testing.T) {
	task := svc("migrate")
	task.Task = true
	inWorld(t, []Service{task, svc("web", "migrate")}, func(w *world) {
		all := []string{"migrate", "web"}
		w.do(Command{Verb: VerbStart})
		w.fake.instance("migrate").die(3)
		synctest.Wait()
		w.expect("web", StateFailed, "migrate failed: exited with code 3")
		accepted := w.do(Command{Verb: VerbStart, Services: all, Missing: true})
		if !slices.Equal(accepted.Changed, all) {
			t.Errorf("changed: %v, want %v", accepted.Changed, all)
		}
		w.fake.instance("migrate").die(0)
		time.Sleep(time.Second)
		w.expect("web", StateReady, "")
	})
}

func TestACommandIsRefusedOnceAllIsEnding(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.fake.stops["api"] = time.Minute
		w.start()
		w.cancel()
		synctest.Wait()
		if _, err := w.Do(Command{Verb: VerbStart}); !errors.Is(err, ErrEnding) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, err := w.Do(Command{Verb: VerbStart}); !errors.Is(err, ErrEnded) {
			t.Error(err)
		}
	})
}

func TestEventsFromASnapshotOnMissNothing(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.start()
		statuses, seq := w.SnapshotAt()
		if statuses[0].State != StateReady || !statuses[0].Wanted || seq == 0 {
			t.Fatalf("%+v at %d", statuses[0], seq)
		}
		accepted := w.do(Command{Verb: VerbRestart})
		if accepted.Seq != seq {
			t.Errorf("the order came after event %d, not %d", accepted.Seq, seq)
		}
		time.Sleep(time.Second)
		// The past comes first, then what happens now.
		var states []State
		ctx, cancel := context.WithCancel(w.t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- w.Events(ctx, seq, func(e Event) error {
				if seq++; e.Seq != seq {
					t.Errorf("event %d came as number %d", e.Seq, seq)
				}
				if e.Kind == EventState && (states == nil || states[len(states)-1] != e.Status.State) {
					states = append(states, e.Status.State)
				}
				return nil
			})
		}()
		synctest.Wait()
		want := []State{StateStopping, StateWaiting, StateStarting, StateReady}
		if !slices.Equal(states, want) {
			t.Errorf("seen: %v", states)
		}
		w.fake.instance("api").die(0)
		synctest.Wait()
		if n := len(states); states[n-1] != StateStopped {
			t.Errorf("seen: %v", states)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestEventsEndWithTheRunAndNotBefore(t *testing.T) {
	inWorld(t, []Service{svc("api")}, func(w *world) {
		w.start()
		var last Event
		ended := make(chan error, 1)
		go func() {
			ended <- w.Events(context.Background(), 0, func(e Event) error {
				last = e
				return nil
			})
		}()
		synctest.Wait()
		w.cancel()
		if err := <-ended; !errors.Is(err, ErrEnded) || last.Status.State != StateStopped {
			t.Errorf("%v after %+v", err, last)
		}
	})
}

func TestAReaderOfEventsThatIsTooSlowSeesAGap(t *testing.T) {
	var h hub
	for range rememberedEvents + 100 {
		h.publish(nil, make([]Event, 1))
	}
	buf := make([]Event, 0, 10)
	for since, first := range map[uint64]uint64{0: 101, 100: 101, 101: 102, rememberedEvents + 99: rememberedEvents + 100} {
		events, _ := h.after(since, buf)
		if events[0].Seq != first {
			t.Errorf("after %d comes %d, not %d", since, events[0].Seq, first)
		}
		for i, e := range events {
			if e.Seq != first+uint64(i) {
				t.Errorf("after %d: event %d in place %d", since, e.Seq, i)
			}
		}
	}
}

func TestWithoutItsDependenciesAServiceWaitsForNone(t *testing.T) {
	for _, verb := range []Verb{VerbStart, VerbRestart} {
		t.Run(string(verb), func(t *testing.T) {
			services := []Service{svc("web", "api", "db"), svc("api", "db"), svc("db")}
			inWorld(t, services, func(w *world) {
				w.do(Command{Verb: VerbStart, Services: []string{"web"}})
				w.do(Command{Verb: VerbStop, Services: []string{"db"}})
				time.Sleep(time.Second)
				accepted := w.do(Command{Verb: verb, Services: []string{"web"}, NoDeps: true})
				if !slices.Equal(accepted.Services, []string{"web"}) {
					t.Errorf("it concerns %v", accepted.Services)
				}
				w.expect("web", StateReady, "")
				w.expect("api", StateStopped, "")

				// It crashes: the next try needs no more than this one.
				w.fake.instance("web").die(1)
				time.Sleep(2 * time.Second)
				w.expect("web", StateReady, "")

				// Those that are named together wait for each other.
				w.do(Command{Verb: VerbStop, Services: []string{"web"}})
				time.Sleep(time.Second)
				w.fake.slow["api"] = make(chan struct{})
				w.do(Command{Verb: verb, Services: []string{"web", "api"}, NoDeps: true})
				w.expect("web", StateWaiting, "waits for api (starting)")
				close(w.fake.slow["api"])
				delete(w.fake.slow, "api")

				// The next ordinary start waits again.
				w.do(Command{Verb: VerbStop, Services: []string{"web", "api"}})
				time.Sleep(time.Second)
				w.fake.slow["db"] = make(chan struct{})
				w.do(Command{Verb: verb, Services: []string{"web"}})
				w.expect("web", StateWaiting, "waits for api (waiting), db (starting)")
				close(w.fake.slow["db"])
				delete(w.fake.slow, "db")
			})
		})
	}
}
