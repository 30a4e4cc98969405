package ports

import "errors"

// Free returns nil when nobody has port on 127.0.0.1, ::1 or all addresses, and
// a *BusyError that names the holder when somebody has. It looks once, without
// listening: between it and the bind of a service a stranger may still come.
//
// A socket that is bound but does not listen, and a connection whose own end is
// port, are busy too: their Holder is Silent, and unknown where the system does not
// say who has them. A port in TIME_WAIT, after a server that did not set SO_REUSEADDR,
// is busy with Holder.TimeWait.
func Free(port int) error {
	err := bound(port)
	if err == nil {
		return nil
	}
	who, errWho := whoOn(port, Listener.local)
	switch {
	case len(who) > 0:
		return &BusyError{Port: port, Holder: who[0]}
	case errors.Is(err, errInUse):
		return &BusyError{Port: port, Holder: silentHolder(port)}
	}
	// It could not be tried, as with a port below 1024; the list has nobody.
	return errWho
}

// leasable reports whether a lease may have port. TIME_WAIT does not keep it from that,
// since it ends before long; a service waits for that.
func leasable(port int) bool {
	err := bound(port)
	switch {
	case err == nil:
		return true
	case errors.Is(err, errInUse):
		return inTimeWait(port)
	}
	return Free(port) == nil
}
