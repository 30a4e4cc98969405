package ports

import "fmt"

// BusyError says that a port is taken, and by whom. Request is zero when no
// service asked for it.
type BusyError struct {
	Request
	Port   int
	Holder Holder
}

func (e *BusyError) Error() string {
	if e.Service == "" {
		return fmt.Sprintf("port %d is taken by %s", e.Port, e.Holder)
	}
	return fmt.Sprintf("port %d of %s is taken by %s", e.Port, e.Request, e.Holder)
}

// ExhaustedError says that no port of Range is left for Needed.
type ExhaustedError struct {
	Range  Range
	Needed Request
	// Registered is how many of them belong to known checkouts, running or not;
	// the others are excluded or busy.
	Registered int
}

func (e *ExhaustedError) Error() string {
	return fmt.Sprintf("no port is left in %s for %s: %d of them are registered to checkouts on this machine, the rest is in use or reserved; widen ports.range",
		e.Range, e.Needed, e.Registered)
}
