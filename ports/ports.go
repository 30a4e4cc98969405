package ports

import "fmt"

// Checkout is one directory that a project runs in. Registry.Checkout fills it.
type Checkout struct {
	Project string
	// Instance is "main" for one checkout of the project on this machine.
	Instance string
	// Dir is absolute, without symbolic links.
	Dir string
}

// main is the instance whose ports come from the project's name alone.
const mainInstance = "main"

// Request asks for one port of one service.
type Request struct {
	Service string
	// Name tells a service's further ports apart; "" is its main port.
	Name string
	// Fixed is the number it must be; 0 takes an automatic one.
	Fixed int
	// Prefer is the number that an automatic one is in the main checkout while it is
	// free; 0 is none.
	Prefer int
	// Outside says that its service is no child of a run: whoever listens there may do
	// so before the run begins.
	Outside bool
	// Deferred says that its service may never start. Lease then leaves a Fixed number that
	// is taken alone, and Leases.Claim asks for it once more.
	Deferred bool
}

// String names the port for people.
func (r Request) String() string {
	if r.Name == "" {
		return fmt.Sprintf("service %q", r.Service)
	}
	return fmt.Sprintf("service %q (port %q)", r.Service, r.Name)
}

// Lease is a port that was found for a request.
type Lease struct {
	Request
	Port int
	// Home is the port that the key has for good, or prefers. Where it differs from Port the
	// lease moved aside, for this run, because Holder has Home.
	Home int
	// Holder is nil when the port is at home, and also when whoever was in the
	// way is not there any more.
	Holder *Holder
}

// String tells the port, and why it is not the usual one.
func (l Lease) String() string {
	switch {
	case l.Port == l.Home:
		return fmt.Sprintf("%s: port %d", l.Request, l.Port)
	case l.Holder == nil:
		return fmt.Sprintf("%s: port %d, because %d was taken", l.Request, l.Port, l.Home)
	}
	return fmt.Sprintf("%s: port %d, because %d is taken by %s", l.Request, l.Port, l.Home, l.Holder)
}

// Entry is what is known of one port on this machine.
type Entry struct {
	Port                            int
	Project, Instance, Dir, Service string
	// Name is the port name of Request.
	Name string
	// Alternate ports are used while a key's home is busy.
	Alternate bool
	// Live ports are leased right now, by PID.
	Live bool
	PID  int
	// User is whose lease it is, when Live.
	User string
}
