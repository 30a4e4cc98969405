package watch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pass waits until what was changed so far has been told.
func (p *probed) pass() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.Barrier(ctx); err != nil {
		p.t.Fatal(err)
	}
}

// toldNow are the files that were told before now.
func (p *probed) toldNow() (files []string) {
	for {
		select {
		case c := <-p.changes:
			files = append(files, c.Files...)
		default:
			return files
		}
	}
}

func TestNoEditIsMissedByABarrier(t *testing.T) {
	edits := 200
	if os.Getenv("LHRUN_LOAD") == "full" {
		edits = 5000
	}
	p := watching(t, t.TempDir(), Rule{Paths: []string{"**/*"}, Debounce: time.Millisecond})
	random := rand.New(rand.NewPCG(1, 2))
	for i := range edits {
		name := filepath.Join(fmt.Sprint("d", random.IntN(20)), fmt.Sprint("f", random.IntN(10)))
		path := filepath.Join(p.dir, name)
		kinds := 3
		if os.Mkdir(filepath.Dir(path), 0o700) == nil {
			kinds = 2 // What comes and goes in a new directory is nothing.
		}
		switch random.IntN(kinds) {
		case 0:
			_ = os.WriteFile(path, []byte(fmt.Sprint(i)), 0o600)
		case 1: // As an editor saves.
			_ = os.WriteFile(path+".new", []byte(fmt.Sprint(i)), 0o600)
			_ = os.Rename(path+".new", path)
		default:
			_ = os.WriteFile(path, nil, 0o600)
			_ = os.Remove(path)
		}
		p.pass()
		if told := p.toldNow(); !slices.Contains(told, name) {
			t.Fatalf("edit %d of %s was not told, but %q", i, name, told)
		}
	}
}

func TestABarrierWithoutAChangePassesAtOnce(t *testing.T) {
	p := watching(t, t.TempDir(), Rule{Paths: []string{"*"}})
	for range 20 {
		p.pass()
	}
	if told := p.toldNow(); len(told) > 0 {
		t.Errorf("%q were told", told)
	}
	p.Set(nil, nil)
	p.pass()
	if left, _ := filepath.Glob(filepath.Join(p.marks, "*")); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
}

func TestABarrierOutlivesNewRules(t *testing.T) {
	p := watching(t, t.TempDir(), Rule{Paths: []string{"*"}, Debounce: time.Millisecond})
	for i := range 50 {
		passed := make(chan struct{})
		go func() {
			p.pass()
			close(passed)
		}()
		p.Set([]Rule{{Name: "api", Paths: []string{"*"}, Debounce: time.Duration(i+1) * time.Millisecond}}, nil)
		<-passed
	}
}

func TestABarrierIsGivenUpWithItsContext(t *testing.T) {
	p := watching(t, t.TempDir(), Rule{Paths: []string{"*"}, Debounce: time.Hour})
	if err := os.WriteFile(filepath.Join(p.dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p.waitsInVain()
	p.Close()
	if _, err := os.Stat(p.marks); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the markers' directory is left: %v", err)
	}
}

// waitsInVain gives a barrier up.
func (p *probed) waitsInVain() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := p.Barrier(ctx); !errors.Is(err, context.DeadlineExceeded) {
		p.t.Errorf("before the change is told: %v", err)
	}
}

// deaf is a source that may lose everything.
type deaf struct {
	events chan fsnotify.Event
	errors chan error
}

func (deaf) Add(string) error                              { return nil }
func (deaf) Remove(string) error                           { return nil }
func (deaf) Close() error                                  { return nil }
func (d deaf) news() (<-chan fsnotify.Event, <-chan error) { return d.events, d.errors }

// TestAnOverflowPassesABarrierWhenAllCountsAsChanged: its marker may have been lost.
func TestAnOverflowPassesABarrierWhenAllCountsAsChanged(t *testing.T) {
	d := deaf{make(chan fsnotify.Event), make(chan error)}
	told := make(chan Change, 10)
	w := newWatcher(Options{Root: t.TempDir(), Changed: func(c Change) { told <- c }, Trouble: func(string) {}},
		func() (source, error) { return d, nil })
	go w.run()
	defer w.Close()
	w.Set([]Rule{{Name: "api", Paths: []string{"*"}, Debounce: time.Millisecond}}, nil)
	passed := make(chan error, 1)
	go func() { passed <- w.Barrier(context.Background()) }()
	select {
	case err := <-passed:
		t.Fatalf("it passed without its marker: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	d.errors <- fsnotify.ErrEventOverflow
	if err := <-passed; err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-told:
		if !c.More {
			t.Errorf("%+v", c)
		}
	default:
		t.Error("nothing was told before it passed")
	}
}
