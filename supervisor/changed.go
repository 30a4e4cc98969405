package supervisor

import "syscall"

// FilesChanged tells a service that files it lives from have changed, file first; what
// says which, such as "src/main.go and 2 files more changed". What is up restarts, or gets sig where that is
// not 0. What waits for its next try, has failed or has come to its end starts at
// once. What somebody stopped stays so.
func (s *Supervisor) FilesChanged(name, file, what string, sig syscall.Signal) error {
	by := By{Who: ByWatch, File: file}
	return s.ask([]string{name}, func(u *unit) {
		switch {
		case u.hold != nil: // Whoever runs it by hand restarts it.
		case u.desired != desiredUp || u.status.State == StateWaiting:
			// It is not wanted, or about to start with the files as they are.
		case u.attempt == nil:
			u.by = by
			s.notice(u, NoticeRestarts, "starts again: %s", what)
			s.restartUnit(u)
		case sig != 0 && u.running():
			s.notice(u, NoticeSignalled, "is sent a signal (%s): %s", sig, what)
			s.signal(u, sig)
		default:
			u.by = by
			s.notice(u, NoticeRestarts, "restarts: %s", what)
			s.restartUnit(u)
		}
	})
}
