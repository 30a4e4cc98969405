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
	whose := ""
	if e.Service != "" {
		whose = " of " + e.Request.String()
	}
	if left := e.Holder.TimeWait; left != 0 {
		return fmt.Sprintf("port %d%s is in TIME_WAIT, free in %s", e.Port, whose, seconds(left))
	}
	return fmt.Sprintf("port %d%s is taken by %s", e.Port, whose, e.Holder)
}

// ExhaustedError says that no port of Range is left for Needed.
type ExhaustedError struct {
	Range  Range
	Needed Request
	// Registered is how many of them belong to known checkouts, running or not;
	// the others are leased, excluded or busy.
	Registered int
	// Leased is how many of the others somebody leases; Holder is one who does.
	Leased int
	Holder Holder
}

func (e *ExhaustedError) Error() string {
	leased := ""
	if e.Leased > 0 {
		leased = fmt.Sprintf("%d are leased, as by %s, ", e.Leased, e.Holder)
	}
	return fmt.Sprintf("no port is left in %s for %s: %d of them are registered to checkouts on this machine, %sthe rest is in use or reserved; widen ports.range",
		e.Range, e.Needed, e.Registered, leased)
}
