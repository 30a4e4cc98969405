package logs

import (
	"encoding/binary"
	"hash/crc32"
)

// recordSize is the length of a record on disk.
const recordSize = 24

// record says when, and in which run, the bytes from off to the next record's were
// written. Each has its own checksum, so a crash that tears one costs only that one.
type record struct {
	// off counts all bytes ever written to the service's log before these.
	off   int64
	at    int64 // nanoseconds since 1970
	run   uint32
	flags uint16
}

const (
	// flagBase is set in a segment's first record: off is that of its first byte.
	flagBase = 1 << iota
	// flagRun marks the first bytes of a run.
	flagRun
	// flagAttempt marks the first bytes of an attempt.
	flagAttempt
	// flagTorn, with flagBase, says that the segment begins inside a line.
	flagTorn
)

func (r record) append(dst []byte) []byte {
	start := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.off))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.at))
	dst = binary.LittleEndian.AppendUint32(dst, r.run)
	dst = binary.LittleEndian.AppendUint16(dst, r.flags)
	return binary.LittleEndian.AppendUint16(dst, check(dst[start:]))
}

// check returns the checksum that tells a record from a torn write or a hole in a file.
func check(b []byte) uint16 {
	sum := crc32.ChecksumIEEE(b)
	return uint16(sum) ^ uint16(sum>>16) ^ 0x6c68
}

func parseRecord(b []byte) (r record, ok bool) {
	r.off = int64(binary.LittleEndian.Uint64(b))
	r.at = int64(binary.LittleEndian.Uint64(b[8:]))
	r.run = binary.LittleEndian.Uint32(b[16:])
	r.flags = binary.LittleEndian.Uint16(b[20:])
	return r, r.off >= 0 && check(b[:22]) == binary.LittleEndian.Uint16(b[22:])
}

// parseIndex returns the valid records of data, in order, and whether data holds
// anything else.
func parseIndex(data []byte) (recs []record, damaged bool) {
	damaged = len(data)%recordSize != 0
	for ; len(data) >= recordSize; data = data[recordSize:] {
		r, ok := parseRecord(data)
		if !ok || len(recs) > 0 && r.off < recs[len(recs)-1].off {
			damaged = true
			continue
		}
		recs = append(recs, r)
	}
	return recs, damaged
}
