package run

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What derives from a bound ends with its error, too: an exit code hangs on it.
func TestABoundEndsAsATimeoutDoes(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(parent, own context.CancelFunc)
		want error
	}{
		{"its time", func(_, _ context.CancelFunc) { time.Sleep(2 * time.Second) }, context.DeadlineExceeded},
		{"its parent", func(parent, _ context.CancelFunc) { parent() }, context.Canceled},
		{"itself", func(_, own context.CancelFunc) { own() }, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				parent, cancelParent := context.WithCancel(context.Background())
				defer cancelParent()
				ctx, cancel := WithBound(parent, time.Second)
				defer cancel()
				child, cancelChild := context.WithTimeout(ctx, time.Hour)
				defer cancelChild()
				if ctx.Err() != nil || child.Err() != nil {
					t.Fatal(ctx.Err(), child.Err())
				}
				c.end(cancelParent, cancel)
				<-child.Done()
				if !errors.Is(ctx.Err(), c.want) || !errors.Is(child.Err(), c.want) {
					t.Errorf("got %v, and %v below it, want %v", ctx.Err(), child.Err(), c.want)
				}
			})
		})
	}
}
