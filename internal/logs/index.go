package logs

import (
	"encoding/binary"
	"hash/crc32"
)

// recordSize is the length of a record on disk.
const recordSize = 24

// record says of the bytes from off on, up to the next record's, when and in
// which run they were written. Each has a check of its own, so that one which a
// crash has torn costs only itself.
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
	// flagRun: the first bytes of a run.
	flagRun
	// flagAttempt: a new attempt begins here.
	flagAttempt
	// flagTorn, with flagBase: the segment begins inside a line.
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

// check tells a record from what a torn write or a hole in a file holds.
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

// parseIndex returns the records of data that can be believed, in order, and
// whether there was anything else.
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
