package ports

import (
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeTable is a system of which the test decides who listens where.
type fakeTable struct {
	mu      sync.Mutex
	sockets []socket
	owner   map[Listener]int // pid
	hidden  map[int]bool
	parents map[int]int
	looks   int
	trees   int
}

func (f *fakeTable) open(pid int, addr string, id uint64) Listener {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := Listener{Addr: netip.MustParseAddrPort(addr), ID: id}
	f.sockets = append(f.sockets, socket{l, uint32(pid)})
	f.owner[l] = pid
	return l
}

func (f *fakeTable) shut(l Listener) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sockets = slices.DeleteFunc(slices.Clone(f.sockets), func(s socket) bool { return s.Listener == l })
}

func (f *fakeTable) listeners() ([]socket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks++
	return slices.Clone(f.sockets), nil
}

func (f *fakeTable) owned(pids []int, among []socket) map[Listener]bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trees++
	mine := map[Listener]bool{}
	for _, s := range among {
		if pid := f.owner[s.Listener]; slices.Contains(pids, pid) && !f.hidden[pid] {
			mine[s.Listener] = true
		}
	}
	return mine
}

func (f *fakeTable) offspring(pid int) (pids []int) {
	for child, parent := range f.parents {
		if parent == pid {
			pids = append(pids, child)
		}
	}
	return pids
}

func (f *fakeTable) likely(pids []int, s socket) bool { return slices.Contains(pids, int(s.uid)) }

func (f *fakeTable) holders(among []socket) map[Listener][]Holder {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[Listener][]Holder{}
	for _, s := range among {
		h := Holder{User: "u"}
		if pid := f.owner[s.Listener]; !f.hidden[pid] {
			h.PID = pid
		}
		out[s.Listener] = []Holder{h}
	}
	return out
}

func (f *fakeTable) close() {}

func (f *fakeTable) count() (looks, trees int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.looks, f.trees
}

func (f *fakeTable) looksSoFar() int {
	looks, _ := f.count()
	return looks
}

const (
	// soon is when a stranger has been told of: after all its tries.
	soon = 10 * retryPause
	// rest is when nothing that was open then is searched for any more.
	rest = 400 * retryPause
)

// world is a bubble with a fake table, a watcher and a diary of its calls.
type world struct {
	*fakeTable
	w     *Watcher
	start time.Time
	mu    sync.Mutex
	diary []string
}

func inWorld(t *testing.T, f func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		table := &fakeTable{owner: map[Listener]int{}, hidden: map[int]bool{}}
		w := &world{fakeTable: table, w: watch(table, newTimerWaker()), start: time.Now()}
		defer w.w.Close()
		f(t, w)
	})
}

// add watches a service whose tree is pids.
func (w *world) add(name string, ports []int, pids ...int) *Watch {
	note := func(s string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.diary = append(w.diary, s)
	}
	return w.w.Add(Target{
		Ports:    ports,
		Tree:     func() []int { return pids },
		Opened:   func(l Listener) { note(fmt.Sprintf("%s opened %s", name, l.Addr)) },
		Closed:   func(l Listener) { note(fmt.Sprintf("%s closed %s", name, l.Addr)) },
		Stranger: func(l Listener, h Holder) { note(fmt.Sprintf("%s: stranger %d on %s", name, h.PID, l.Addr)) },
	})
}

func (w *world) expect(t *testing.T, after time.Duration, want ...string) {
	t.Helper()
	time.Sleep(after)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.diary)
	slices.Sort(want)
	if !slices.Equal(w.diary, want) {
		t.Errorf("after %v: got %q, want %q", time.Since(w.start), w.diary, want)
	}
	w.diary = nil
}

func TestAListenerOfTheTreeIsToldOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000}, 1, 2)
		w.expect(t, 20*time.Millisecond)
		w.open(2, "127.0.0.1:8000", 1)
		w.expect(t, shortPause, "api opened 127.0.0.1:8000")
		w.open(2, "[::1]:8000", 2)
		w.expect(t, idlePause, "api opened [::1]:8000")
		w.expect(t, 5*time.Second)
	})
}

func TestAWrongPortOrAWildcardIsToldWithinASecond(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000}, 1).Settle()
		w.expect(t, 2*time.Second)
		w.open(1, "127.0.0.1:3000", 1)
		w.open(1, "0.0.0.0:8000", 2)
		w.open(1, "192.168.1.2:8000", 3)
		w.expect(t, time.Second, "api opened 127.0.0.1:3000", "api opened 0.0.0.0:8000", "api opened 192.168.1.2:8000")
	})
}

func TestAStrangerIsToldOfOnceAndOnlyOnOwnPorts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000, 8001}, 1)
		w.open(7, "0.0.0.0:8001", 1)
		w.open(7, "127.0.0.1:9999", 2)
		w.open(7, "192.168.1.2:8000", 3)
		w.expect(t, soon, "api: stranger 7 on 0.0.0.0:8001")
		w.expect(t, rest)
	})
}

func TestAStrangerThatWasThereBeforeIsToldPromptly(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.open(7, "127.0.0.1:8000", 1)
		w.add("web", []int{9000}, 2)
		w.expect(t, rest)
		w.add("api", []int{8000}, 1)
		w.expect(t, soon, "api: stranger 7 on 127.0.0.1:8000")
	})
}

func TestAnotherServiceOnThePortIsAStrangerAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000}, 1)
		w.add("web", []int{9000}, 2)
		w.expect(t, 20*time.Millisecond)
		w.open(2, "127.0.0.1:8000", 1)
		w.expect(t, shortPause, "api: stranger 2 on 127.0.0.1:8000", "web opened 127.0.0.1:8000")
	})
}

func TestAProcessThatIsLateInTheTreeIsNoStranger(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var opened, strangers int
		late := time.Now().Add(20 * time.Millisecond)
		w.w.Add(Target{
			Ports: []int{8000},
			Tree: func() []int {
				if time.Now().Before(late) {
					return []int{1}
				}
				return []int{1, 5}
			},
			Opened:   func(Listener) { opened++ },
			Stranger: func(Listener, Holder) { strangers++ },
		})
		w.open(5, "127.0.0.1:8000", 1)
		w.open(5, "127.0.0.1:3000", 2)
		time.Sleep(time.Second)
		synctest.Wait()
		if opened != 2 || strangers != 0 {
			t.Errorf("%d opened, %d strangers", opened, strangers)
		}
	})
}

func TestARestartedServiceIsToldOfItsNewSocketAndOfSurvivingOnes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		h := w.add("api", []int{8000}, 1)
		l := w.open(1, "127.0.0.1:8000", 1)
		kept := w.open(9, "127.0.0.1:8001", 2)
		w.expect(t, 50*time.Millisecond, "api opened 127.0.0.1:8000")
		h.Remove()
		w.shut(l)
		w.open(2, "127.0.0.1:8000", 3)
		w.expect(t, time.Second)
		w.add("api", []int{8000}, 2, 9)
		w.expect(t, shortPause, "api opened 127.0.0.1:8000", "api opened 127.0.0.1:8001")
		w.shut(kept)
		w.expect(t, 2*time.Second)
		w.open(9, "127.0.0.1:8001", 2) // the same number, a new socket
		w.expect(t, time.Second, "api opened 127.0.0.1:8001")
	})
}

func TestASocketThatADumpMissedOnceIsNotToldAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("api", []int{8000}, 1).Settle()
		l := w.open(1, "127.0.0.1:8000", 1)
		w.expect(t, idlePause, "api opened 127.0.0.1:8000")
		time.Sleep(700 * time.Millisecond) // past the retries of the start
		w.shut(l)
		for before, now := w.looksSoFar(), 0; now <= before; now = w.looksSoFar() {
			time.Sleep(time.Millisecond)
		}
		w.open(1, "127.0.0.1:8000", 1)
		w.expect(t, 2*ClosedAfter)
	})
}

func TestAHiddenProcessOfTheTreeGetsTheBenefitOfTheDoubtOnItsOwnPort(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.hidden[1], w.hidden[7] = true, true
		w.add("api", []int{8000, 8001}, 1)
		w.open(1, "127.0.0.1:8000", 1)
		w.open(7, "127.0.0.1:8001", 2)
		w.expect(t, soon, "api opened 127.0.0.1:8000", "api: stranger 0 on 127.0.0.1:8001")
	})
}

func TestNobodyIsToldAfterRemove(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		h := w.add("api", []int{8000}, 1)
		h.Remove()
		w.open(1, "127.0.0.1:8000", 1)
		w.expect(t, time.Second)
	})
}

func TestLooksAreRareWhenNothingStarts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		looks := func(during time.Duration) int {
			before, _ := w.count()
			time.Sleep(during)
			synctest.Wait()
			after, _ := w.count()
			return after - before
		}
		if n := looks(10 * time.Second); n != 0 {
			t.Errorf("%d looks for nobody", n)
		}
		h := w.add("api", []int{8000}, 1)
		if n := looks(40 * shortPause); n < 38 || n > 42 {
			t.Errorf("%d looks in the first %v of a start", n, 40*shortPause)
		}
		time.Sleep(100 * longPause)
		if n := looks(20 * longPause); n < 18 || n > 22 {
			t.Errorf("%d looks in %v of a slow start", n, 20*longPause)
		}
		h.Settle()
		time.Sleep(idlePause)
		if n := looks(10 * idlePause); n < 9 || n > 11 {
			t.Errorf("%d looks in %v at rest", n, 10*idlePause)
		}
		h.Remove()
		time.Sleep(idlePause)
		if n := looks(10 * time.Second); n != 0 {
			t.Errorf("%d looks after the last one left", n)
		}
	})
}

func TestOthersAreNotAskedForWhatAServiceHasBeforeItIsWatched(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range 10 {
			w.add(fmt.Sprint(i), []int{8000 + i}, i)
		}
		time.Sleep(10 * time.Millisecond)
		w.open(20, "127.0.0.1:8020", 20)
		time.Sleep(10 * time.Millisecond)
		_, before := w.count()
		w.add("late", []int{8020}, 20)
		w.expect(t, 2*time.Second, "late opened 127.0.0.1:8020")
		if _, after := w.count(); after != before+1 {
			t.Errorf("%d searches for it", after-before)
		}
	})
}

func TestATreeIsNotAskedForWhatItsLeaderHas(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		trees := 0
		var opened []Listener
		w.w.Add(Target{
			Ports: []int{8000}, Leader: 1,
			Tree:   func() []int { trees++; return []int{1, 2} },
			Opened: func(l Listener) { opened = append(opened, l) },
		})
		byLeader := w.open(1, "127.0.0.1:8000", 1)
		time.Sleep(idlePause)
		synctest.Wait()
		if trees != 0 || !slices.Equal(opened, []Listener{byLeader}) {
			t.Errorf("the tree was asked for %d times, told of %v", trees, opened)
		}
		byChild := w.open(2, "127.0.0.1:8001", 2)
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(opened, []Listener{byLeader, byChild}) {
			t.Errorf("told of %v", opened)
		}
	})
}

func TestAServiceThatIsNoProcessSaysItselfWhatItOwns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("web", []int{8001}, 1)
		var opened, strange []Listener
		asked := 0
		w.w.Add(Target{
			Ports:    []int{8000, 8002},
			Owns:     func(l Listener) bool { asked++; return l.Addr.Port() != 8002 && l.ID < 50 },
			Opened:   func(l Listener) { opened = append(opened, l) },
			Stranger: func(l Listener, _ Holder) { strange = append(strange, l) },
		})
		own := w.open(99, "127.0.0.1:8000", 1)
		more := w.open(99, "127.0.0.1:9000", 2)
		other := w.open(99, "127.0.0.1:8002", 3)
		w.open(99, "127.0.0.1:9001", 60)
		w.open(1, "127.0.0.1:8001", 61)
		w.expect(t, rest, "web opened 127.0.0.1:8001")
		if !slices.Equal(opened, []Listener{own, more}) || !slices.Equal(strange, []Listener{other}) {
			t.Errorf("opened %v, strangers %v", opened, strange)
		}
		before := asked
		time.Sleep(5 * rest)
		synctest.Wait()
		if asked != before {
			t.Errorf("asked %d times for known sockets", asked-before)
		}
	})
}

func TestATreeIsNotAskedForWhatAChildOfItsLeaderHas(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.parents = map[int]int{2: 1}
		trees := 0
		var opened []Listener
		w.w.Add(Target{
			Ports: []int{8000}, Leader: 1,
			Tree:   func() []int { trees++; return []int{1, 2, 3} },
			Opened: func(l Listener) { opened = append(opened, l) },
		})
		byChild := w.open(2, "127.0.0.1:8000", 1)
		time.Sleep(idlePause)
		synctest.Wait()
		if trees != 0 || !slices.Equal(opened, []Listener{byChild}) {
			t.Errorf("the tree was asked for %d times, told of %v", trees, opened)
		}
	})
}

// A search takes as long as it takes; the next look is not put off by it.
func TestASlowSearchDoesNotPutTheNextLookOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		opened := make(chan time.Time, 1)
		w.w.Add(Target{Ports: []int{8000}, Opened: func(Listener) { opened <- time.Now() },
			Tree: func() []int { return []int{1} }})
		w.w.Add(Target{Ports: []int{8001}, Tree: func() []int { time.Sleep(longPause); return []int{2} }})
		w.open(2, "127.0.0.1:8001", 2)
		time.Sleep(longPause)
		w.open(1, "127.0.0.1:8000", 1)
		began := time.Now()
		if late := (<-opened).Sub(began); late > longPause/2 {
			t.Errorf("told after %v", late)
		}
	})
}

func TestWhatIsOlderThanAServiceIsItsOwnOnlyOnItsPorts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.add("other", []int{9000}, 9) // so that somebody looks
		w.open(1, "127.0.0.1:3000", 1)
		w.open(1, "127.0.0.1:8000", 2) // handed over, say
		time.Sleep(rest)
		synctest.Wait()
		var opened []string
		_, before := w.count()
		w.w.Add(Target{
			Ports: []int{8000}, Started: time.Now(), Tree: func() []int { return []int{1} },
			Opened: func(l Listener) { opened = append(opened, l.Addr.String()) },
		})
		time.Sleep(rest)
		synctest.Wait()
		if _, after := w.count(); after != before+1 || !slices.Equal(opened, []string{"127.0.0.1:8000"}) {
			t.Errorf("%d searches, told of %v", after-before, opened)
		}
	})
}

func TestTreesAreNotSearchedForKnownSockets(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range 50 {
			w.open(1000+i, fmt.Sprintf("127.0.0.1:%d", 5000+i), uint64(100+i))
		}
		for i := range 10 {
			w.add(fmt.Sprint(i), []int{8000 + i}, i)
		}
		time.Sleep(rest)
		_, before := w.count()
		time.Sleep(2 * rest)
		if _, after := w.count(); after != before {
			t.Errorf("trees were searched %d times for nothing new", after-before)
		}
		w.open(3, "127.0.0.1:8003", 1)
		w.expect(t, longPause, "3 opened 127.0.0.1:8003")
		if _, after := w.count(); after != before+1 {
			t.Errorf("%d trees were searched for one expected listener", after-before)
		}
	})
}

// TestWhatOthersOpenCostsLittle: a suite of tests next door opens listeners all the
// time, and each has to be looked for in every tree.
func TestWhatOthersOpenCostsLittle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const tree = 2 * time.Millisecond
		var spent time.Duration
		for i := range 10 {
			w.w.Add(Target{Ports: []int{8000 + i}, Tree: func() []int {
				time.Sleep(tree)
				spent += tree
				return []int{i}
			}})
		}
		time.Sleep(time.Second)
		spent = 0
		began := time.Now()
		for i := range 200 {
			w.open(99, fmt.Sprintf("127.0.0.1:%d", 40000+i), uint64(1000+i))
			time.Sleep(50 * time.Millisecond)
		}
		if most := time.Since(began) / 8; spent > most {
			t.Errorf("%v of %v went into searching the trees", spent, time.Since(began))
		}
	})
}

// In a crowd the pace is slower, not the more so the larger it is.
func TestLooksAreRarerInACrowd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		during := func(crowd int) int {
			for i := range crowd {
				w.add(fmt.Sprint(i), []int{8000 + i}, i)
			}
			before, _ := w.count()
			time.Sleep(20 * crowdPause)
			synctest.Wait()
			after, _ := w.count()
			return after - before
		}
		if n, want := during(1), int(20*crowdPause/shortPause); n < want-2 || n > want+2 {
			t.Errorf("%d looks for one", n)
		}
		if n := during(1000); n < 18 || n > 22 {
			t.Errorf("%d looks for a thousand", n)
		}
	})
}
