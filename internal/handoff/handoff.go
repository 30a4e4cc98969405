// Package handoff is how a run tells its relay, a process of its own, what to serve: the
// sockets themselves, and the state in which everything is to be. Both ends hold one unix
// socket, which ends with either.
package handoff

// Kind says what a socket is for.
type Kind string

const (
	// Front is where browsers come in, Edge where one service calls another, and Traffic
	// where verbs ask what was seen.
	Front   Kind = "front"
	Edge    Kind = "edge"
	Traffic Kind = "traffic"
)

// A Message is either a socket, whose descriptor comes with it, or a state.
type Message struct {
	Socket *Socket `json:"socket,omitempty"`
	State  *State  `json:"state,omitempty"`
}

// A Socket is bound. One of an edge listens only while the run has it listen.
type Socket struct {
	// ID names the socket as long as the run lasts.
	ID   int  `json:"id"`
	Kind Kind `json:"kind"`
}

// State is everything that holds from now on. Its sockets were handed over before.
type State struct {
	// Front are the sockets of the front; without any there is none.
	Front []int `json:"front,omitempty"`
	// FrontSettings differ where the front is to read the snapshot anew.
	FrontSettings string `json:"front_settings,omitempty"`
	// Traffic are the sockets of the inspector; without any nothing is inspected.
	Traffic []int       `json:"traffic,omitempty"`
	Edges   []EdgeState `json:"edges,omitempty"`
	// Memory bounds all that is kept of what was seen, and Body each body, in bytes.
	Memory int64 `json:"memory,omitempty"`
	Body   int64 `json:"body,omitempty"`
	// Hide names the headers whose values views mask.
	Hide []string `json:"hide,omitempty"`
	// Services are the protocols of inspected services, by name; the front's calls to
	// them are seen too.
	Services map[string]string `json:"services,omitempty"`
}

// EdgeState is an address of one caller for one port of a service.
type EdgeState struct {
	// Socket is 0 where its port could not be had.
	Socket int `json:"socket"`
	// From is AnyCaller where the callers share the address.
	From string `json:"from"`
	To   string `json:"to"`
	// Name is that of To's port; "" is the main one.
	Name string `json:"name,omitempty"`
	// Target is To's own port.
	Target   int    `json:"target"`
	Protocol string `json:"protocol,omitempty"`
	// Open says that the socket listens.
	Open bool `json:"open,omitempty"`
}

// AnyCaller stands for the callers that do not depend on a service.
const AnyCaller = "*"
