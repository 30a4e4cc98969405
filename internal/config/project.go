package config

import (
	"syscall"
	"time"

	"github.com/lhrun/lhrun/ports"
	"github.com/lhrun/lhrun/supervisor"
)

// Project is a checked configuration. Its texts still hold templates, which
// Resolve fills in once the ports are known.
type Project struct {
	Name string
	// Dir is the absolute directory of File.
	Dir  string
	File string
	// Procfile says that File is a Procfile, which has the rules of foreman.
	Procfile bool

	Shell    []string
	Env      []Var
	EnvFiles []EnvFile
	Dotenv   []PortFile
	Range    ports.Range
	Front    Front
	Inspect  Inspect
	// Notices say in a line each what of the file may surprise.
	Notices []string
	// MaxLogSize bounds the stored output of one service, in bytes.
	MaxLogSize int64

	// Services are in the order of the file.
	Services []Service
	// unnamed says that the file leaves Name to its directory.
	unnamed bool
	// at says by name where in Services one is; place fills it in.
	at map[string]int
}

// Unnamed reports whether the file leaves the name to its directory; see DefaultName.
func (p *Project) Unnamed() bool { return p.unnamed }

// Pos is a place in a file. Line and Col start at 1 and count characters; Len is
// how many characters a caret underlines.
type Pos struct {
	File           string
	Line, Col, Len int
}

// Text is a string value that may hold templates.
type Text struct {
	Raw string
	Pos Pos
}

// Var is one variable of an env table.
type Var struct {
	Key   string
	Value Text
	// KeyPos is where the key stands.
	KeyPos Pos
}

// EnvFile is a .env file to read. Path is absolute.
type EnvFile struct {
	Path string
	// Optional is true of the .env that nobody named.
	Optional bool
	Pos      Pos
}

// PortFile is a file that gets the marked block. Path is absolute.
type PortFile struct {
	Path string
	// Vars are exactly what is written; All writes every service's variables.
	Vars []Var
	All  bool
	Pos  Pos
}

// Service is one service as the file states it, defaults filled in.
type Service struct {
	Name        string
	Pos         Pos
	Task        bool
	Description string
	Command     Command
	WorkingDir  Text
	Env         []Var
	EnvFiles    []EnvFile
	Port        Port
	Ports       []Port
	// URL is templated; URLDefault says that the file does not set it.
	URL        Text
	URLDefault bool
	// Hosts are its names for browsers; nil is the default one, empty is none.
	Hosts     []Text
	DependsOn []Dependency
	Ready     Probe
	Health    Health
	Restart   supervisor.Restart
	Stop      Stop
	TTY       bool
	// NullStdin is `stdin = "null"`.
	NullStdin bool
	// External is `external`, ExternalURL its URL where it is one.
	External    bool
	ExternalURL Text
	// Keep names programs that outlive it.
	Keep      []string
	Profiles  []string
	Autostart bool
	Watch     *Watch
	// ListenFD is `listen = "fd"`.
	ListenFD bool
	// Inspected is `inspect`. Protocol is what it is told to speak; "" is for its first
	// bytes to tell.
	Inspected bool
	Protocol  string
	// TLS is `tls`: it gets a certificate.
	TLS bool
}

// Command is a shell string (Shell, one Text) or an argv.
type Command struct {
	Shell bool
	Args  []Text
}

// Port is a port as the file states it. The main port has no Name.
type Port struct {
	Name string
	// Number is a fixed port; 0 with None false is automatic.
	Number int
	// Prefer is the number that an automatic one is where it can be, 0 for none.
	Prefer int
	None   bool
	Pos    Pos
}

// Dependency is one edge; Condition is filled in.
type Dependency struct {
	Name      string
	Condition supervisor.Condition
	Restart   bool
	Pos       Pos
}

// Probe is a readiness or health probe as the file states it.
type Probe struct {
	Kind supervisor.ProbeKind
	// Target is the path or URL of http and the host:port of tcp ("" for
	// `true`), the regular expression of log, the service name of grpc.
	Target   Text
	Exec     Command
	Status   int
	Timeout  time.Duration
	Interval time.Duration
	Try      time.Duration
}

// Health is a health probe; nil-like when Kind is supervisor.ProbeDefault.
type Health struct {
	Probe
	Retries   int
	NoRestart bool
}

// Stop is how a service is asked to end. Command has no Args when there is none.
type Stop struct {
	Signal  syscall.Signal
	Timeout time.Duration
	Command Command
	// Leader is `to = "leader"`.
	Leader bool
}

// Watch is what restarts or signals a service when it changes.
type Watch struct {
	Paths, Ignore []string
	Debounce      time.Duration
	// Signal 0 restarts.
	Signal syscall.Signal
}
