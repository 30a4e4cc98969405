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

	"github.com/lhrun/lhrun/internal/testmount"
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

func TestWhatIsNoFileInALocksPlaceIsPutAside(t *testing.T) {
	target := put(t, t.TempDir(), "precious", "precious")
	for name, make := range impostors(t, target) {
		t.Run(name, func(t *testing.T) {
			dir := shortDir(t)
			path := filepath.Join(dir, "lock")
			if err := make(path); err != nil {
				t.Skipf("cannot make %s: %v", name, err)
			}
			f, err := Lock(path, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := Lock(path, 0); !errors.Is(err, ErrLocked) {
				t.Errorf("a second one: %v", err)
			}
			onlyThese(t, dir, "lock", "lock.broken")
			holds(t, target, "precious")
		})
	}
}

func TestALockIsSeenWhereNobodyMayWrite(t *testing.T) {
	dir := t.TempDir()
	testmount.Small(t, dir)
	path := filepath.Join(dir, "lock")
	holder, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	// Who has it open for writing keeps a file system from becoming read-only.
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := errors.Join(holder.Close(), TryLock(reader)); err != nil {
		t.Fatal(err)
	}
	testmount.ReadOnly(t, dir)
	if _, err := Lock(path, 0); !errors.Is(err, ErrLocked) {
		t.Errorf("while it is locked: %v", err)
	}
	_ = reader.Close()
	f, err := Lock(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
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
