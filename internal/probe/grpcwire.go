package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The two messages of grpc.health.v1.Health/Check are one field each, so they
// are written and read here by hand:
//
//	HealthCheckRequest  { string service = 1; }
//	HealthCheckResponse { ServingStatus status = 1; }
//
// Around each is gRPC's frame: a byte that says compressed, four of length.

const serving = 1

func healthName(status uint64) string {
	names := [...]string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}
	if status >= uint64(len(names)) {
		return fmt.Sprintf("health status %d", status)
	}
	return names[status]
}

// healthRequest is the framed request for service.
func healthRequest(service string) []byte {
	var message []byte
	if service != "" {
		message = append(message, 1<<3|wireBytes)
		message = binary.AppendUvarint(message, uint64(len(service)))
		message = append(message, service...)
	}
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(frame, message...)
}

// healthResponse reads the status out of one framed response.
func healthResponse(frame []byte) (uint64, error) {
	if len(frame) < 5 {
		return 0, errors.New("it is cut short")
	}
	if frame[0] != 0 {
		return 0, errors.New("it is compressed")
	}
	message := frame[5:]
	if uint64(len(message)) != uint64(binary.BigEndian.Uint32(frame[1:])) {
		return 0, errors.New("its length is wrong")
	}
	return statusField(message)
}

// The wire types of protobuf that are still in use.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// statusField is field 1 of message; the last one counts, none is 0. Fields of
// a later version are skipped.
func statusField(message []byte) (status uint64, err error) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return 0, errors.New("a field is cut short")
		}
		message = message[n:]
		size, err := fieldSize(tag&7, message)
		if err != nil {
			return 0, err
		}
		if tag == 1<<3|wireVarint {
			status, _ = binary.Uvarint(message)
		}
		message = message[size:]
	}
	return status, nil
}

// fieldSize is how many bytes of b the value of a field takes, b's length at most.
func fieldSize(wire uint64, b []byte) (int, error) {
	size := uint64(0)
	switch wire {
	case wireVarint, wireBytes:
		value, n := binary.Uvarint(b)
		if n <= 0 {
			return 0, errors.New("a field is cut short")
		}
		size = uint64(n)
		if wire == wireBytes {
			if value > uint64(len(b)) {
				return 0, errors.New("a field is cut short")
			}
			size += value
		}
	case wireFixed64:
		size = 8
	case wireFixed32:
		size = 4
	default:
		return 0, fmt.Errorf("wire type %d is unknown", wire)
	}
	if size > uint64(len(b)) {
		return 0, errors.New("a field is cut short")
	}
	return int(size), nil
}
