// Package decode tells the exchanges in copies of what passes on a connection. It never
// sees the connection itself, and whatever it is fed, it ends nothing but its own work.
package decode

import "time"

// A Protocol is what two ends of a connection speak.
type Protocol string

// The protocols. With Any the first bytes tell.
const (
	Any       Protocol = ""
	HTTP      Protocol = "http"
	GRPC      Protocol = "grpc"
	WebSocket Protocol = "websocket"
	SSE       Protocol = "sse"
	Postgres  Protocol = "postgres"
	Redis     Protocol = "redis"
	TCP       Protocol = "tcp"
)

// A Direction is one of the two ways of a connection.
type Direction int

// Up goes from the caller to the service, Down back.
const (
	Up Direction = iota
	Down
)

// An Exchange is a call and its answer: a request and its response, a query and its
// rows, a command and its reply, or, where nobody can tell, a connection.
type Exchange struct {
	// Seq numbers the exchanges of a connection from 1 on. What is emitted again with the
	// same number replaces what was before.
	Seq      int
	Protocol Protocol
	// Method and Path are what was called: "GET" and "/orders?page=2", "SELECT" and the
	// text of the query, "HSET" and the whole command. A gRPC call's Path has its method.
	Method, Path string
	// Status is the answer's own word: "200", "NOT_FOUND", "SELECT 3", "42P01", "OK",
	// "WRONGTYPE". It is "" until there is one.
	Status string
	// Failed says that the service answered with an error of its protocol; of HTTP with a
	// status from 400 on.
	Failed bool
	// Began is when the first byte of the call was seen, Answered that of the answer, and
	// Ended the last of it. They are zero until then.
	Began, Answered, Ended time.Time
	Request, Response      Part
	// Messages are those of a WebSocket, the events of a stream, the messages of a gRPC
	// call, the rows of a query, in both directions, as far as they are kept.
	Messages []Message
	// Left is how many messages were not kept.
	Left int
	// Trouble says why the exchange is not known to its end, such as "encrypted", "the
	// connection was closed" or "no HTTP: …"; "" where it is.
	Trouble string
}

// A Part is one half of an exchange.
type Part struct {
	// Line is the first line of HTTP/1 as it came, without its end.
	Line string
	// Fields are headers in their order and case, or the parameters of a query ("$1").
	Fields, Trailers []Field
	// Body is the beginning of the content, as it came: compressed where it is, without
	// the frames and chunks that carried it.
	Body []byte
	// Size is that of the whole content in bytes, Wire of all that the part took.
	Size, Wire int64
}

// A Field is a header or parameter.
type Field struct {
	Name, Value string
	// Secret is a password of the protocol, whatever its name.
	Secret bool
}

// A Message is one of many in an exchange.
type Message struct {
	At  time.Time
	Dir Direction
	// Kind is "text", "binary", "ping", "pong" or "close" of WebSocket, "event" of SSE,
	// "message" of gRPC, "row" and "notice" of PostgreSQL, "push" of Redis.
	Kind string
	// Data is the beginning of the message, decompressed, and Size the bytes of it all.
	Data   []byte
	Size   int64
	Secret bool
}

// Limits bound what a decoder keeps of a connection.
type Limits struct {
	// Body is how many bytes are kept of a body and of a message.
	Body int
	// Messages is how many are kept of an exchange.
	Messages int
	// Head is how many bytes a head, a frame that must be whole, or a command may have;
	// with more the decoder gives up.
	Head int
}

// DefaultLimits keep 64 KiB of each body.
var DefaultLimits = Limits{Body: 64 << 10, Messages: 100, Head: 256 << 10}

// Emit takes an exchange: when the call is known, with each message, and when it has
// ended. The exchange is the receiver's; what its slices hold is not changed any more.
type Emit func(Exchange)

// A Decoder reads both directions of one connection, in the order in which bytes were
// seen. It is used by one goroutine and keeps nothing of p.
type Decoder interface {
	// Read takes the next bytes of a direction.
	Read(dir Direction, p []byte, at time.Time)
	// End says that a direction has ended. After that of both, or Stop, nothing follows.
	End(dir Direction, at time.Time)
	// Stop ends every open exchange with trouble, for bytes that will not come.
	Stop(trouble string, at time.Time)
}
