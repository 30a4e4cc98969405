package probe

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

var errNotYet = errors.New("not yet")

func TestUntilTriesAtOnceAndAdapts(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name string
		pace Pace
		want []time.Duration // when each try comes
	}{
		{"defaults", Pace{}, []time.Duration{0, 2 * ms, 5 * ms, 9500 * time.Microsecond}},
		{"capped", Pace{First: 100 * ms, Max: 200 * ms}, []time.Duration{0, 100 * ms, 250 * ms, 450 * ms, 650 * ms}},
		{"first above max", Pace{First: time.Second, Max: 10 * ms}, []time.Duration{0, 10 * ms, 20 * ms}},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var at []time.Duration
			failures := 0
			err := Until(t.Context(), func(context.Context) error {
				at = append(at, time.Since(start))
				if len(at) == len(c.want) {
					return nil
				}
				return errNotYet
			}, c.pace, func(err error, _ time.Duration) {
				failures++
				if err != errNotYet {
					t.Errorf("%s: told of %v", c.name, err)
				}
			})
			if err != nil || failures != len(c.want)-1 {
				t.Errorf("%s: %v after %d failures", c.name, err, failures)
			}
			for i := range at {
				if at[i] != c.want[i] {
					t.Errorf("%s: try %d came at %v, not %v", c.name, i, at[i], c.want[i])
				}
			}
		})
	}
}

func TestUntilNeverPausesLongerThanMax(t *testing.T) {
	for _, most := range []time.Duration{30 * time.Millisecond, 5 * time.Second} {
		for i, pause := range pauses(t, Pace{Max: most}, 200) {
			if pause > most {
				t.Errorf("with %v at most, try %d came after %v", most, i, pause)
			}
		}
	}
}

// What fails for minutes is not asked four times a second for ever, and what is ready
// after a while is noticed after a twentieth of that while.
func TestUntilEasesOff(t *testing.T) {
	var waited time.Duration
	all := pauses(t, Pace{}, 300)
	for i, pause := range all {
		if pause > max(usualPause, waited/patience) {
			t.Errorf("try %d came %v after %v", i, pause, waited)
		}
		waited += pause
	}
	if last := all[len(all)-1]; last != longestPause {
		t.Errorf("after %v a pause takes %v", waited, last)
	}
}

// pauses are those before each of n tries that fail at once.
func pauses(t *testing.T, p Pace, n int) (all []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		last := time.Now()
		_ = Until(t.Context(), func(context.Context) error {
			all, last = append(all, time.Since(last)), time.Now()
			if len(all) == n {
				return nil
			}
			return errNotYet
		}, p, nil)
	})
	return all
}

func TestTriesThatEndForWantOfTimeGetMore(t *testing.T) {
	for _, c := range []struct {
		pace Pace
		want []time.Duration
	}{
		{Pace{}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second}},
		{Pace{Try: 300 * time.Millisecond}, []time.Duration{300 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond}},
		{Pace{Try: time.Minute}, []time.Duration{time.Minute, time.Minute}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var took []time.Duration
			_ = Until(t.Context(), func(ctx context.Context) error {
				if len(took) == len(c.want) {
					return nil
				}
				start := time.Now()
				<-ctx.Done()
				took = append(took, time.Since(start))
				return ctx.Err()
			}, c.pace, nil)
			if !slices.Equal(took, c.want) {
				t.Errorf("%+v: tries took %v, not %v", c.pace, took, c.want)
			}
		})
	}
}

func TestUntilBoundsOneTry(t *testing.T) {
	for _, c := range []struct{ try, want time.Duration }{{0, time.Second}, {3 * time.Second, 3 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var took time.Duration
			err := Until(t.Context(), func(ctx context.Context) error {
				if took != 0 {
					return nil
				}
				<-ctx.Done()
				took = time.Since(start)
				return ctx.Err()
			}, Pace{Try: c.try}, nil)
			if err != nil || took != c.want {
				t.Errorf("%v, a try of %v, not %v", err, took, c.want)
			}
		})
	}
}

func TestUntilEndsWithTheLastFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		err := Until(ctx, func(context.Context) error { return errNotYet }, Pace{}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errNotYet) {
			t.Errorf("error %v", err)
		}
		if got := time.Since(start); got != 10*time.Second {
			t.Errorf("ended after %v", got)
		}
	})
}

func TestATryCutShortIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("service gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(500*time.Millisecond, func() { cancel(why) })
		err := Until(ctx, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, Pace{Try: time.Minute}, func(err error, _ time.Duration) { t.Errorf("told of %v", err) })
		if err != why {
			t.Errorf("error %v", err)
		}
	})
}

func TestUntilDoesNotTryAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Until(ctx, func(context.Context) error { t.Error("tried"); return nil }, Pace{}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
