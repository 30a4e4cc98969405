//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package ports

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// everyLocks runs f on each implementation that works here.
func everyLocks(t *testing.T, f func(t *testing.T, l locks)) {
	native, err := newLocks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := newFlocks(filepath.Join(t.TempDir(), "leases"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("native", func(t *testing.T) { f(t, native) })
	t.Run("flock", func(t *testing.T) { f(t, files) })
}

func TestLockHasOneHolderThatTellsWhoItIs(t *testing.T) {
	everyLocks(t, func(t *testing.T, l locks) {
		port := freePort(t)
		if who, held := l.holder(port); held {
			t.Errorf("%+v holds what nobody held", who)
		}
		id := identity{"shop", "main", "api", "debug", "/src/shop", os.Getpid()}
		h, err := l.hold(port, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.hold(port, id); !errors.Is(err, errHeld) {
			t.Errorf("held twice: %v", err)
		}
		for range 3 {
			who, held := l.holder(port)
			got := identity{who.Project, who.Instance, who.Service, who.Name, who.Dir, who.PID}
			if !held || got != id || who.User == "" || who.Command == "" {
				t.Errorf("the holder is %+v, %v", who, held)
			}
		}
		if all, err := l.held(); err != nil || !slices.Contains(all, port) {
			t.Errorf("held are %v, %v", all, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if _, held := l.holder(port); held {
			t.Error("still held after Close")
		}
		if all, err := l.held(); err != nil || slices.Contains(all, port) {
			t.Errorf("held after Close are %v, %v", all, err)
		}
	})
}

func TestLockIsTakenOnceHoweverManyTry(t *testing.T) {
	everyLocks(t, func(t *testing.T, l locks) {
		port := freePort(t)
		var got atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if h, err := l.hold(port, identity{}); err == nil {
					got.Add(1)
					t.Cleanup(func() { h.Close() })
				} else if !errors.Is(err, errHeld) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Errorf("%d hold it", got.Load())
		}
	})
}

func TestBeingLookedAtDoesNotKeepALockFromBeingTaken(t *testing.T) {
	everyLocks(t, func(t *testing.T, l locks) {
		port := freePort(t)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					l.holder(port)
					time.Sleep(100 * time.Microsecond)
				}
			}
		})
		for range 50 {
			h, err := l.hold(port, identity{})
			if err != nil {
				t.Error(err)
				break
			}
			h.Close()
		}
		close(stop)
		wg.Wait()
	})
}

func TestHoldersAnswerWhileOthersComeAndGo(t *testing.T) {
	everyLocks(t, func(t *testing.T, l locks) {
		stays := freePort(t)
		h, err := l.hold(stays, identity{Service: "stays"})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		var told atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			port := freePort(t)
			wg.Go(func() {
				for range 50 {
					h, err := l.hold(port, identity{Service: "goes"})
					if errors.Is(err, errHeld) {
						continue // Another has that port, or looks at it.
					}
					if err == nil {
						err = h.Close()
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range 50 {
					who, held := l.holder(stays)
					if !held || who.Service != "stays" && who.Service != "" { // It may be too busy to say.
						t.Errorf("the holder is %+v, %v", who, held)
					} else if who.Service != "" {
						told.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if told.Load() == 0 {
			t.Error("it never said who it is")
		}
	})
}

// TestALeaseIsClosedOnce: the number of its descriptor may be another's by then.
func TestALeaseIsClosedOnce(t *testing.T) {
	everyLocks(t, func(t *testing.T, l locks) {
		h, err := l.hold(freePort(t), identity{})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed twice: %v", err)
		}
	})
}
