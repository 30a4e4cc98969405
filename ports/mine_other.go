//go:build !linux || portable

package ports

import (
	"os/user"
	"slices"
)

// mine reports whether a process of this user has s open.
func mine(t table, s socket) bool {
	me, err := user.Current()
	return err == nil && slices.ContainsFunc(t.holders([]socket{s})[s.Listener], func(h Holder) bool { return h.User == me.Username })
}
