package supervisor

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// replica is what a reader makes of events.
type replica struct {
	seq      uint64
	statuses []Status
}

func (r *replica) fold(t *testing.T, e Event) {
	if r.seq++; e.Seq != r.seq {
		t.Fatalf("event %d came as number %d", e.Seq, r.seq)
	}
	if e.Kind == EventAsked {
		return
	}
	if e.Kind == EventOrder {
		slices.SortStableFunc(r.statuses, func(a, b Status) int {
			return slices.Index(e.Order, a.Name) - slices.Index(e.Order, b.Name)
		})
		return
	}
	i := slices.IndexFunc(r.statuses, func(st Status) bool { return st.Name == e.Service })
	switch {
	case i < 0:
		r.statuses = append(r.statuses, e.Status)
	case e.Kind == EventRemoved:
		r.statuses = slices.Delete(r.statuses, i, i+1)
	default:
		r.statuses[i] = e.Status
	}
}

// compare takes the events up to a snapshot in and checks that they make that snapshot.
func (r *replica) compare(t *testing.T, w *world) {
	t.Helper()
	want, seq := w.SnapshotAt()
	for r.seq < seq {
		r.fold(t, <-w.events)
	}
	if len(want) != len(r.statuses) {
		t.Fatalf("event %d: %d services, want %d", seq, len(r.statuses), len(want))
	}
	for i, st := range want {
		got, want := reflect.ValueOf(r.statuses[i]), reflect.ValueOf(st)
		for f := range want.NumField() {
			if !reflect.DeepEqual(got.Field(f).Interface(), want.Field(f).Interface()) {
				t.Fatalf("event %d: %s of %s is %v, want %v", seq, want.Type().Field(f).Name, st.Name, got.Field(f), want.Field(f))
			}
		}
	}
}

// TestASnapshotAndItsEventsAreTheNextSnapshot does random things to a project, with
// processes that end, listen and answer probes at random, and compares field by field.
func TestASnapshotAndItsEventsAreTheNextSnapshot(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			inWorld(t, randomServices(r), func(w *world) {
				w.fake.probe = func(string) (int, error) { return int(time.Now().UnixNano()/1e6) % 2, nil }
				w.events, _ = w.Subscribe(1 << 16)
				var seen replica
				seen.statuses, seen.seq = w.SnapshotAt()
				for range 150 {
					randomStep(r, w)
					if r.IntN(3) > 0 {
						time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
					}
					if r.IntN(2) > 0 {
						synctest.Wait()
					}
					seen.compare(t, w)
				}
			})
		})
	}
}

func randomServices(r *rand.Rand) []Service {
	var services []Service
	for i := range 1 + r.IntN(6) {
		s := svc(fmt.Sprintf("s%d", i))
		s.Task = r.IntN(4) == 0
		for j := range i {
			if r.IntN(3) == 0 {
				s.DependsOn = append(s.DependsOn, Dependency{
					Name: fmt.Sprintf("s%d", j), Condition: []Condition{"", Started}[r.IntN(2)], Restart: r.IntN(3) == 0,
				})
			}
		}
		if !s.Task && r.IntN(2) == 0 {
			s = withPort(s, 20000+i)
			s.Ready.Timeout = time.Duration(r.IntN(3)) * 5 * time.Second
		}
		if !s.Task && r.IntN(2) == 0 {
			s.Health = Health{Enabled: true, NoRestart: r.IntN(2) == 0, Probe: Probe{
				Kind: ProbeExec, Exec: []string{"health"}, Interval: time.Second, Timeout: time.Second,
			}}
		}
		s.Restart.Policy = []RestartPolicy{"", RestartNo, RestartAlways}[r.IntN(3)]
		s.Description = fmt.Sprint(r.IntN(3))
		services = append(services, s)
	}
	r.Shuffle(len(services), func(i, j int) { services[i], services[j] = services[j], services[i] })
	return services
}

// randomStep has something happen; what makes no sense now is refused.
func randomStep(r *rand.Rand, w *world) {
	name := fmt.Sprintf("s%d", r.IntN(6))
	by := byPID(r.IntN(3), "somebody") // 0 is a process that is not known.
	switch r.IntN(10) {
	case 0, 1, 2, 3:
		verb := []Verb{VerbStart, VerbStart, VerbStop, VerbRestart}[r.IntN(4)]
		_, _ = w.Do(Command{Verb: verb, Services: []string{name}, By: by, NoDeps: r.IntN(2) == 0, Missing: verb == VerbStart && r.IntN(2) == 0})
	case 4, 5, 6:
		if p := w.fake.instance(name); p != nil {
			p.die(r.IntN(3))
		}
	case 7:
		synctest.Wait()
		if p := w.fake.instance(name); p != nil && p.target.Opened != nil {
			port := []int{20000 + int(name[1]-'0'), 3000}[r.IntN(2)]
			p.target.Opened(ports.Listener{Addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))})
		}
	case 8:
		services := randomServices(r)
		_, _ = w.Apply(Reload{Services: services, By: by, Restart: []string{services[0].Name}, Start: []string{services[len(services)-1].Name}})
	case 9:
		w.fake.setStop(name, time.Duration(r.IntN(3000))*time.Millisecond)
		_ = w.FilesChanged(name, "a", "a changed", 0)
	}
}

func (p *fakePlatform) setStop(name string, takes time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops[name] = takes
}
