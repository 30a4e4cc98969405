package ports

import "errors"

// Free returns nil when nobody has port on 127.0.0.1, ::1 or all addresses, and
// a *BusyError that names the holder when somebody has. It looks once, without
// listening: between it and the bind of a service a stranger may still come.
//
// A socket that is bound but does not listen, and a connection whose own end is
// port, are busy too; the system does not say who has those.
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
		return &BusyError{Port: port}
	}
	// It could not be tried, as with a port below 1024; the list has nobody.
	return errWho
}

// free is Free without looking for the holder where that is not needed.
func free(port int) bool {
	err := bound(port)
	return err == nil || !errors.Is(err, errInUse) && Free(port) == nil
}
