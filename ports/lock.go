package ports

import (
	"errors"
	"io"
)

// locks is how a process holds ports in a way that ends with the process. Only
// one holder of a port exists in whatever the locks span.
type locks interface {
	// hold takes a port for who, or fails with errHeld.
	hold(port int, who identity) (hold, error)
	// holder returns who holds a port, as far as that can be known.
	holder(port int) (who lessee, held bool)
	// held lists the ports that are held, in any order.
	held() ([]int, error)
}

// hold keeps a port until it is closed.
type hold interface {
	io.Closer
	// transfer makes the port another service's of this process.
	transfer(who identity) error
}

var errHeld = errors.New("another process holds it")

// identity is what a holder tells about itself.
type identity struct {
	Project  string `json:"project"`
	Instance string `json:"instance"`
	Service  string `json:"service"`
	Name     string `json:"name,omitempty"`
	Dir      string `json:"dir"`
	PID      int    `json:"pid"`
}

// longestIdentity is in bytes; a path is at most 4096 of them.
const longestIdentity = 16 << 10

// lessee is the holder of a lease and the port name that it leased.
type lessee struct {
	Holder
	Name string
}

// isOf reports whether c holds the lease. Its directory may have been renamed since.
func (l lessee) isOf(c Checkout) bool {
	return l.Project == c.Project && (l.Dir == c.Dir || l.Instance == c.Instance && gone(l.Dir))
}

// lessee combines what a holder says with by, what the system knows of its process. The
// system is trusted more, for the process id above all.
func (id identity) lessee(by Holder) lessee {
	by.Project, by.Instance, by.Service, by.Dir = id.Project, id.Instance, id.Service, id.Dir
	if by.PID == 0 {
		by.PID = id.PID
	}
	return lessee{by, id.Name}
}
