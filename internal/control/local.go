package control

import (
	"context"
	"errors"

	"github.com/lhrun/lhrun/supervisor"
)

// ErrNotRunning is: nobody serves the socket, so the project does not run.
var ErrNotRunning = errors.New("the project does not run")

// ErrEnded ends a stream of events: the project is down.
var ErrEnded = errors.New("the project has ended")

// ErrLost is: the connection broke off, as when lhrun is killed.
var ErrLost = errors.New("the connection to the project is lost")

// Mistake is an error of the one who asks, or of the project's file; nothing has
// changed. It stays one across the socket.
type Mistake struct{ Text string }

func (m *Mistake) Error() string { return m.Text }

// VersionError is: a lhrun of another protocol runs the project.
type VersionError struct {
	Ours, Theirs string
	// PID is of the other lhrun; 0 when it is not known.
	PID int
}

func (e *VersionError) Error() string { panic("not yet") }

// LocalOptions say what a Local is made of.
type LocalOptions struct {
	Supervisor *supervisor.Supervisor
	// About is what every Snapshot says of the project: all but Seq and Services.
	About Snapshot
	// LogDir is where the services' output is kept.
	LogDir string
	// Down begins the end of the run and returns at once; kill waits for nobody.
	Down func(kill bool)
	// Plan says what Reload would do. Both read the project's file.
	Plan, Reload func(ctx context.Context) (Answer, error)
}

// Local is the project that this process supervises. It remembers the last
// events, so that a client that lost its connection misses nothing.
type Local struct{ o LocalOptions }

var _ Project = (*Local)(nil)

// NewLocal subscribes to the supervisor's events. It ends with the supervisor.
func NewLocal(o LocalOptions) *Local { return &Local{o} }

func (l *Local) Snapshot(ctx context.Context, usage bool) (Snapshot, error) { panic("not yet") }
func (l *Local) Events(ctx context.Context, since uint64, each func(Event) error) error {
	panic("not yet")
}
func (l *Local) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	panic("not yet")
}
func (l *Local) Ask(ctx context.Context, r Request) (Answer, error) { panic("not yet") }

// Logs reads the services' output from the directory where it is kept, of a
// project that may run or not; see Project.Logs. It never follows.
func Logs(ctx context.Context, dir string, q LogQuery, each func(LogLine) error) error {
	panic("not yet")
}

// Server serves one project on one socket.
type Server struct{}

// SocketPath is where the socket of an instance is: in $XDG_RUNTIME_DIR/lhrun, else
// in the state directory, under a short name where the path would be too long.
func SocketPath(project, instance string) (string, error) { panic("not yet") }

// Listen serves p on the socket at path, 0600 in a 0700 directory, taking the place
// of a stale one. The caller holds the lock of the instance.
func Listen(path string, p Project) (*Server, error) { panic("not yet") }

// Close ends all requests and removes the socket.
func (s *Server) Close() error { panic("not yet") }

// Client is a project that another process supervises.
type Client struct{}

var _ Project = (*Client)(nil)

// Dial connects to the socket at path. It returns ErrNotRunning where nobody
// listens, and says plainly when another version or another user does.
func Dial(ctx context.Context, path string) (*Client, error) { panic("not yet") }

// Close ends the connections of c.
func (c *Client) Close() error { panic("not yet") }

func (c *Client) Snapshot(ctx context.Context, usage bool) (Snapshot, error) { panic("not yet") }
func (c *Client) Events(ctx context.Context, since uint64, each func(Event) error) error {
	panic("not yet")
}
func (c *Client) Logs(ctx context.Context, q LogQuery, each func(LogLine) error) error {
	panic("not yet")
}
func (c *Client) Ask(ctx context.Context, r Request) (Answer, error) { panic("not yet") }
