package cli

import (
	"context"
	"os"

	"github.com/lhrun/lhrun/internal/control"
)

// serve lets other processes of the user see and steer this run.
func (ses *session) serve() error {
	path, err := control.SocketPath(ses.checkout.Project, ses.checkout.Instance)
	if err != nil {
		return err
	}
	_ = os.Remove(ses.instance.lastPath()) // It is not the last one any more.
	ses.downs = make(chan bool, 16)
	ses.local = control.NewLocal(control.LocalOptions{
		Supervisor: ses.sup,
		About: control.Snapshot{
			Project: ses.checkout.Project, Instance: ses.checkout.Instance, Dir: ses.checkout.Dir,
			PID: os.Getpid(), Version: readBuild().Version,
		},
		LogDir: ses.instance.logs(),
		Down:   ses.askDown,
		Plan:   ses.reload.Plan,
		Reload: ses.reload.Reload,
	})
	ses.running, ses.begun = ses.local, make(chan struct{})
	ses.server, err = control.Listen(path, &served{ses.local, ses.begun})
	return err
}

// begin asks for the services that are wanted; from then on others see the run.
func (ses *session) begin() error {
	defer close(ses.begun)
	return ses.sup.Start(ses.wanted...)
}

// served is the run as other processes see it: not before its services were asked
// to start, as until then it looks as if nobody wanted any.
type served struct {
	*control.Local
	begun <-chan struct{}
}

func (s *served) Snapshot(ctx context.Context, usage bool) (control.Snapshot, error) {
	select {
	case <-s.begun:
		return s.Local.Snapshot(ctx, usage)
	case <-ctx.Done():
		return control.Snapshot{}, ctx.Err()
	}
}

// askDown never waits: of many who ask, one is enough.
func (ses *session) askDown(kill bool) {
	select {
	case ses.downs <- kill:
	default:
	}
}
