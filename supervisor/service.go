package supervisor

import (
	"syscall"
	"time"
)

// Service is one program to run, with everything about it already decided: no
// templates, no defaults that depend on a file. Two equal Services behave alike,
// so a reload restarts exactly those that differ.
type Service struct {
	Name        string
	Description string

	// Task runs to its end and is done when it exits 0.
	Task bool

	// External says that there is no process to start: whoever of this user listens on
	// Port is the service, or what Ready asks, where that is not its own port.
	External bool
	// Command is executed as it is, without a shell.
	Command []string
	Dir     string
	// Env holds KEY=value pairs that win over Options.Env.
	Env []string

	// Host and Port are where the service is told to listen; Port 0 is nowhere.
	Host string
	Port int
	// Ports are its further ports by name.
	Ports map[string]int
	URL   string
	// Names are those by which a front leads browsers to Port, and Origin is how it is
	// called there. The supervisor only tells them.
	Names  []string
	Origin string

	DependsOn []Dependency
	Ready     Probe
	Health    Health
	Restart   Restart
	Stop      Stop

	// TTY gives it a pseudo-terminal of the size in Options.
	TTY bool
	// NullStdin makes /dev/null the standard input of a service without TTY. Else that is
	// an input that never ends and never delivers, as many programs end with their input.
	NullStdin bool
	// Listen has the supervisor listen on the ports, of Host only, and hand the
	// sockets over, as LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES tell: first that
	// of Port, named "main", then those of Ports by name. They stay open across
	// restarts, so a client that connects meanwhile waits and is answered. Without
	// a probe the service is ready once it has started; ProbeTCP passes at once.
	Listen bool
}

// Condition is what a dependency must have reached before its dependent starts.
type Condition string

// The conditions of a dependency.
const (
	Started   Condition = "started"
	IsReady   Condition = "ready"
	Completed Condition = "completed"
)

// Dependency is one edge of the start order.
type Dependency struct {
	Name string
	// Condition "" means Completed for a task and IsReady for a service.
	Condition Condition
	// Restart restarts the dependent whenever the dependency restarts.
	Restart bool
}

// ProbeKind names how readiness or health is found out.
type ProbeKind string

// The kinds of a probe. ProbeDefault is: it listens on its port, or, without a
// port, it has started.
const (
	ProbeDefault ProbeKind = ""
	ProbeHTTP    ProbeKind = "http"
	ProbeTCP     ProbeKind = "tcp"
	ProbeExec    ProbeKind = "exec"
	ProbeLog     ProbeKind = "log"
	ProbeNotify  ProbeKind = "notify"
	ProbeGRPC    ProbeKind = "grpc"
	// ProbeNone passes as soon as the process runs, port or not.
	ProbeNone ProbeKind = "none"
)

// Probe is one question to a service.
type Probe struct {
	Kind ProbeKind
	// Target is the URL of http, the host:port of tcp and grpc, the regular
	// expression of log. Own says that http, tcp or grpc ask the service's own
	// port, so only a listener of its own process tree counts.
	Target string
	Own    bool
	// Roots is a file, in PEM, with the roots that the certificate of an https URL must come
	// from. "" verifies that of a host elsewhere by the system's, and none on loopback.
	// With grpc, "" is without TLS.
	Roots string
	// Status is the one HTTP status that passes; 0 is any 2xx or 3xx.
	Status int
	// Service is the name asked of grpc.health.v1; "" is the whole server.
	Service string
	// Exec is the argv of an exec probe.
	Exec []string

	// Timeout bounds the whole wait of a readiness probe (0: no bound) and one
	// try of a health probe (0: 1s).
	Timeout time.Duration
	// Interval is the longest pause between tries. 0 is 10s for health; for readiness
	// it is 250ms, and up to 2s once the wait has been long.
	Interval time.Duration
	// Try bounds one try of a readiness probe. 0 is 1s, and up to 10s as long as tries
	// end for want of time.
	Try time.Duration
}

// Health is a probe that goes on after readiness. The zero value is none.
type Health struct {
	Probe
	// Enabled tells a configured probe from none.
	Enabled bool
	// Retries failures in a row make the service unhealthy (0: 3).
	Retries int
	// NoRestart leaves an unhealthy service running.
	NoRestart bool
}

// RestartPolicy says which exits are followed by a new start.
type RestartPolicy string

// The restart policies. The zero value is RestartOnFailure for a service and
// RestartNo for a task.
const (
	RestartDefault   RestartPolicy = ""
	RestartNo        RestartPolicy = "no"
	RestartOnFailure RestartPolicy = "on-failure"
	RestartAlways    RestartPolicy = "always"
)

// Restart is what follows an exit that nobody asked for.
type Restart struct {
	Policy RestartPolicy
	// Backoff is the first pause (0: 500ms), doubling up to MaxBackoff (0: 30s).
	Backoff    time.Duration
	MaxBackoff time.Duration
	// MaxRestarts in a row, without a minute of being ready between them, make
	// the service failed (0: 5; negative: never).
	MaxRestarts int
}

// Stop is how a service is asked to end.
type Stop struct {
	// Signal goes to the whole process tree (0: SIGTERM) or, with Leader, to its first
	// process alone, and to what that leaves behind.
	Signal syscall.Signal
	Leader bool
	// Timeout is the patience before SIGKILL (0: 10s).
	Timeout time.Duration
	// Command, an argv, is run first, in the service's environment and directory.
	Command []string
	// Keep names programs that the service may start and that outlive it. They end with
	// the run.
	Keep []string
}
