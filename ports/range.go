package ports

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Range is where automatic ports come from, both ends included. The zero value
// is 20000-29999: below the ephemeral ports of Linux, macOS and Windows, below
// the NodePorts of Kubernetes, above every port that browsers refuse.
type Range struct{ First, Last int }

const (
	defaultFirst, defaultLast = 20000, 29999
	lowest, highest           = 1024, 65535
)

// ParseRange reads two numbers with a dash between them, like "20000-29999".
// Spaces around the numbers do not matter; ports below 1024 are refused because
// they need privileges.
func ParseRange(s string) (Range, error) {
	first, last, ok := strings.Cut(s, "-")
	a, errA := strconv.Atoi(strings.TrimSpace(first))
	b, errB := strconv.Atoi(strings.TrimSpace(last))
	if !ok || errA != nil || errB != nil {
		return Range{}, fmt.Errorf("cannot use %q as a port range: want two numbers like \"%s\"", s, Range{})
	}
	r := Range{a, b}
	if err := r.check(); err != nil {
		return Range{}, fmt.Errorf("cannot use %q as a port range: %w", s, err)
	}
	return r, nil
}

func (r Range) check() error {
	switch {
	case r.First > r.Last:
		return fmt.Errorf("%d is above %d", r.First, r.Last)
	case r.First < lowest || r.Last > highest:
		return fmt.Errorf("ports go from %d to %d", lowest, highest)
	}
	return nil
}

// String is the form that ParseRange reads.
func (r Range) String() string {
	r = r.orDefault()
	return fmt.Sprintf("%d-%d", r.First, r.Last)
}

func (r Range) orDefault() Range {
	if r == (Range{}) {
		return Range{defaultFirst, defaultLast}
	}
	return r
}

func (r Range) contains(port int) bool { return r.First <= port && port <= r.Last }

// wellKnown are ports that a program everybody runs expects to have (vite's HMR,
// Minecraft, RabbitMQ, CockroachDB, Steam, MongoDB), and those that browsers
// refuse to open.
var wellKnown = []int{
	24678, 25565, 25672, 26257, 27015, 27017, 27018, 27019, 28017,
	1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
	6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}

func excluded(port int) bool { return slices.Contains(wellKnown, port) }

// home is where the search for a key's port starts: a hash of the key, so that
// no other key has a say in it.
func (r Range) home(key ...string) int {
	h := sha256.New()
	for _, k := range key {
		h.Write([]byte(k))
		h.Write([]byte{0})
	}
	n := binary.BigEndian.Uint64(h.Sum(nil))
	return r.First + int(n%uint64(r.Last-r.First+1))
}

// search returns the first port from start on, wrapping round the end of r, that
// is not excluded and that fit accepts. Ports that avoid matches come last: they
// are still better than none.
func (r Range) search(start int, avoid, fit func(int) bool) (int, bool) {
	size := r.Last - r.First + 1
	for _, avoided := range []bool{false, true} {
		for i := range size {
			port := r.First + (start-r.First+i)%size
			if excluded(port) || avoid(port) != avoided {
				continue
			}
			if fit(port) {
				return port, true
			}
		}
	}
	return 0, false
}
