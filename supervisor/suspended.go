package supervisor

import "fmt"

// NoteSuspended looks for services of which a signal or a debugger has stopped a process,
// and has their Status tell of it, or no longer. It costs a look at the machine.
func (s *Supervisor) NoteSuspended() {
	found := make(map[instance]int)
	for _, i := range s.instances() {
		found[i] = i.Suspended()
	}
	noted := make(chan struct{})
	s.post(func() {
		defer close(noted)
		for _, u := range s.units {
			if u.running() {
				s.noteSuspended(u, found[u.attempt.instance])
			}
		}
		s.publish()
	})
	select {
	case <-noted:
	case <-s.done:
	}
}

// noteSuspended makes pid, 0 for none, the reason of a service that has no other.
func (s *Supervisor) noteSuspended(u *unit, pid int) {
	before, now := u.attempt.suspended, ""
	if pid != 0 {
		now = fmt.Sprintf("pid %d is stopped by a signal; \"kill -CONT %d\" lets it go on", pid, pid)
	}
	if u.status.Reason == before || u.status.Reason == "" {
		u.attempt.suspended = now
		s.amend(u, func(st *Status) { st.Reason = now })
	}
}
