package cli

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lhrun/lhrun/internal/run"
)

func TestASignalIsHeededThoughTheLoopIsHeldUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		from := make(chan os.Signal, 8)
		var held []os.Signal
		to := relaySignals(ctx, from, func(sig os.Signal) { held = append(held, sig) })

		from <- syscall.SIGINT
		if sig := <-to; sig != syscall.SIGINT {
			t.Errorf("the loop got %v", sig)
		}
		time.Sleep(2 * run.StuckAfter)
		synctest.Wait()
		if held != nil {
			t.Errorf("%v was taken for held up", held)
		}

		from <- syscall.SIGTERM
		time.Sleep(2 * run.StuckAfter)
		synctest.Wait()
		from <- syscall.SIGINT
		time.Sleep(2 * run.StuckAfter)
		synctest.Wait()
		if want := []os.Signal{syscall.SIGTERM, syscall.SIGINT}; !slices.Equal(held, want) {
			t.Errorf("held up were %v, want %v", held, want)
		}
		if first, second := <-to, <-to; first != syscall.SIGTERM || second != syscall.SIGINT {
			t.Errorf("then the loop got %v and %v", first, second)
		}
		stop()
		synctest.Wait()
	})
}
