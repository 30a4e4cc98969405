//go:build !linux

package ports

func newAlarm() alarm { return newTimerAlarm() }
