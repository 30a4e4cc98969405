//go:build !linux || portable

package ports

func newWaker() waker { return newTimerWaker() }
