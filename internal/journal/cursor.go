package journal

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Cursor is a moment in the life of a checkout: the events up to number N, and the log
// lines of before At, are the past.
type Cursor struct {
	N  uint64
	At time.Time
}

// Cursor is the place behind e.
func (e Entry) Cursor() Cursor { return Cursor{e.N, e.Time} }

// words has no letter that is taken for another one, and no sign that ends a word.
var words = sync.OnceValue(func() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)
})

// mark begins each cursor as a word, which no time and no duration begins with.
const mark = "c"

// Word is c for people and programs to pass on. Only journals of the same checkout take it.
func (j *Journal) Word(c Cursor) string {
	body := binary.AppendUvarint(nil, c.N)
	body = binary.BigEndian.AppendUint64(body, uint64(c.At.UnixNano()))
	return mark + words().EncodeToString(binary.BigEndian.AppendUint32(body, j.sum(body)))
}

// sum tells cursors of other checkouts, and garbled ones, apart.
func (j *Journal) sum(body []byte) uint32 {
	project, instance := filepath.Base(filepath.Dir(j.dir)), filepath.Base(j.dir)
	return crc32.Update(crc32.ChecksumIEEE([]byte(project+"\x00"+instance+"\x00")), crc32.IEEETable, body)
}

// LooksLikeCursor tells a cursor, be it foreign or garbled, from a time.
func LooksLikeCursor(word string) bool {
	digits, ok := strings.CutPrefix(word, mark)
	_, err := words().DecodeString(digits)
	return ok && err == nil && len(digits) >= 12
}

// ForeignError refuses what is no cursor of this checkout.
type ForeignError struct {
	Word string
	// Newest is the newest cursor here; "" is none.
	Newest string
}

func (e *ForeignError) Error() string {
	if e.Newest == "" {
		return fmt.Sprintf("cannot go on from %q: it is no cursor of this checkout, which has none yet", e.Word)
	}
	return fmt.Sprintf("cannot go on from %q: it is no cursor of this checkout, whose newest is %s", e.Word, e.Newest)
}

// Parse reads a Word. The error is a *ForeignError.
func (j *Journal) Parse(word string) (Cursor, error) {
	c, err := j.parse(word)
	if err == nil {
		return c, nil
	}
	foreign := &ForeignError{Word: word}
	if newest, ok := j.Newest(); ok {
		foreign.Newest = j.Word(newest.Cursor())
	}
	return Cursor{}, foreign
}

var errForeign = errors.New("no cursor of this checkout")

func (j *Journal) parse(word string) (Cursor, error) {
	digits, marked := strings.CutPrefix(word, mark)
	data, err := words().DecodeString(digits)
	if err != nil || !marked || len(data) < 13 {
		return Cursor{}, errForeign
	}
	body, sum := data[:len(data)-4], binary.BigEndian.Uint32(data[len(data)-4:])
	n, size := binary.Uvarint(body)
	if j.sum(body) != sum || size <= 0 || len(body) != size+8 {
		return Cursor{}, errForeign
	}
	return Cursor{n, time.Unix(0, int64(binary.BigEndian.Uint64(body[size:])))}, nil
}
