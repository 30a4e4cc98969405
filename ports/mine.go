package ports

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNobody is returned by Mine where nobody listens.
var ErrNobody = errors.New("nobody listens")

// Mine returns nil if a process of this user listens on port where a client on loopback
// reaches it, whichever process that is. It returns ErrNobody where nobody does, and else
// an error that names who listens.
func Mine(port int) error {
	t := newTable()
	defer t.close()
	all, err := t.listeners()
	if err != nil {
		return fmt.Errorf("cannot find out who listens on port %d: %w", port, err)
	}
	var others []socket
	for _, s := range all {
		switch {
		case int(s.Addr.Port()) != port || !s.local():
		case mine(t, s):
			return nil
		default:
			others = append(others, s)
		}
	}
	if len(others) == 0 {
		return ErrNobody
	}
	var names []string
	for _, holders := range t.holders(others) {
		for _, h := range holders {
			names = append(names, h.String())
		}
	}
	return fmt.Errorf("another user listens there: %s", strings.Join(names, ", "))
}
