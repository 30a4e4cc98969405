package ports

import (
	"net/netip"
	"time"
)

// Connection is one established TCP connection of which at least one end is on this
// machine. The kernel forgets it, and what it has counted, when it closes.
type Connection struct {
	// Client is the end that dialled, Server the one that listened.
	Client, Server End
	// Up and Down are the bytes that have arrived at Server, and at Client, since the
	// connection began. Where that end is another machine's, they are those that it has
	// acknowledged.
	Up, Down uint64
	// RTT is the kernel's smoothed time of a round trip as Client sees it, or as Server
	// does where only that is here. Zero is not measured yet.
	RTT time.Duration
}

// End is one end of a Connection.
type End struct {
	Addr netip.AddrPort
	// ID is the socket's inode. Of a connection that no process has accepted yet it is
	// that of the listening socket; 0 of an end on another machine.
	ID  uint64
	uid uint32
}

// socket is e as a table looks for it.
func (e End) socket() socket {
	return socket{Listener: Listener{Addr: e.Addr, ID: e.ID}, uid: e.uid}
}

// Connections lists the established TCP connections of this network namespace, in one
// look and in no order. That needs no rights, and costs a walk over the kernel's table:
// about a millisecond with hundreds of connections.
//
// One whose closing has begun at either end is left out, and what is established during
// the look may be. The end that listened is told by its listening socket; where that is
// closed, the lower port is taken for the server's. An error is never an empty list: it
// wraps errors.ErrUnsupported outside of Linux.
func Connections() ([]Connection, error) { return connections() }

// OpenIn returns those of ends whose socket a process of pids has open. Processes that
// are gone, or whose files this user may not see, have none; an error means that one
// could not be looked at for another reason.
func OpenIn(pids []int, ends []End) (map[End]bool, error) { return openIn(pids, ends) }

// MayHave reports whether e may be the socket of a process of pids whose open files this
// user may not see.
func MayHave(pids []int, e End) bool { return newTable().likely(pids, e.socket()) }

// HoldersOf names who has each of ends; the first process of a family that shares it.
// A Holder without PID is hidden from this user; an end on another machine has none. It
// looks at every process of the machine. An error means that one could not be looked at
// for another reason than its user.
func HoldersOf(ends []End) (map[End]Holder, error) { return holdersOf(ends) }
