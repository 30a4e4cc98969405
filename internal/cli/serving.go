package cli

import (
	"os"

	"github.com/lhrun/lhrun/internal/control"
)

// serve lets other processes of the user see and steer this run.
func (ses *session) serve() error {
	path, err := control.SocketPath(ses.checkout.Project, ses.checkout.Instance)
	if err != nil {
		return err
	}
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
	ses.running = ses.local
	ses.server, err = control.Listen(path, ses.local)
	return err
}

// askDown never waits: of many who ask, one is enough.
func (ses *session) askDown(kill bool) {
	select {
	case ses.downs <- kill:
	default:
	}
}
