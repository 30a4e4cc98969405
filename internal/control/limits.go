package control

import "time"

// limits bound what clients can take.
type limits struct {
	// connections at once, streams among them, and readers of logs among these. They
	// leave the supervisor descriptors for its services, and a place for the next
	// order where somebody forgets to end his streams.
	connections, streams, readers int

	// header and body are how long a request may take to come, answer how long its
	// answer to be read, idle the pause between two. A stream may last for ever.
	header, body, answer, idle time.Duration
	// closing is for streams that are still being read when all is down, stall for
	// those among them that are not.
	closing, stall time.Duration
}

func usualLimits() limits {
	return limits{
		connections: 512, streams: 256, readers: 32,
		header: 5 * time.Second, body: 10 * time.Second, answer: 30 * time.Second, idle: 10 * time.Second,
		closing: 5 * time.Second, stall: 500 * time.Millisecond,
	}
}

const (
	// maxBody bounds a request, in bytes.
	maxBody = 1 << 20
	// maxHead bounds what stands before it.
	maxHead = 16 << 10
	// maxPattern bounds a regular expression, whose compiled form is larger.
	maxPattern = 8 << 10
	// maxUnsent is how much waits for a client that reads slowly.
	maxUnsent = 256 << 10
	// maxLine bounds one object of a stream: a line of 64 KiB, escaped, and more.
	maxLine = 4 << 20
)
