//go:build !linux

package ports

func newWaker() waker { return newTimerWaker() }
