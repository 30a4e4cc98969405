//go:build unix

package files

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestALockHasOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	f, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	hasMode(t, path, 0o600)
	if _, err := Lock(path, 0); !errors.Is(err, ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

func TestALockFileIsNoLink(t *testing.T) {
	target := put(t, t.TempDir(), "precious", "precious")
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
	if _, err := Lock(path, time.Second); !errors.Is(err, ErrNotRegular) {
		t.Errorf("got %v", err)
	}
	holds(t, target, "precious")
}

// TestEveryoneWhoWaitsForTheLockGetsItInTheEnd: and one at a time.
func TestEveryoneWhoWaitsForTheLockGetsItInTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var holders atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			f, err := Lock(path, time.Minute)
			if err != nil {
				t.Error(err)
				return
			}
			if n := holders.Add(1); n != 1 {
				t.Errorf("%d have the lock", n)
			}
			time.Sleep(100 * time.Microsecond)
			holders.Add(-1)
			_ = f.Close()
		})
	}
	wg.Wait()
}

func TestALockThatIsNotGivenUpIsWaitedForOnlySoLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path, 10*time.Millisecond); !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v", err)
	}
	_ = first.Close()
	// Whoever gave up gives back what it still gets.
	last, err := Lock(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	_ = last.Close()
}
