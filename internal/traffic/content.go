package traffic

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lhrun/lhrun/internal/decode"
)

// mostDecompressed bounds what becomes of a body, in bytes: a small one can grow a
// thousandfold.
const mostDecompressed = 4 << 20

// Header is the value of the first field of that name, whatever its case; "" for none.
func Header(fields []decode.Field, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Encoding is how the body of a part is compressed; "" where it is not.
func Encoding(p *decode.Part) string {
	encoding := strings.ToLower(strings.TrimSpace(Header(p.Fields, "Content-Encoding")))
	if encoding == "identity" {
		return ""
	}
	return encoding
}

// Decompress returns what the beginning of a body says, as far as it can be told: whole
// is false where more of it is there. The error says that nothing can be told.
func Decompress(encoding string, body []byte) (text []byte, whole bool, err error) {
	if len(body) == 0 {
		return nil, true, nil
	}
	r, err := decompressor(encoding, body)
	if err != nil {
		return nil, false, err
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(io.LimitReader(r, mostDecompressed+1))
	whole = err == nil && b.Len() <= mostDecompressed
	b.Truncate(min(b.Len(), mostDecompressed))
	if b.Len() == 0 && err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, false, fmt.Errorf("cannot decompress: %w", err)
	}
	return b.Bytes(), whole, nil
}

func decompressor(encoding string, body []byte) (io.Reader, error) {
	switch encoding {
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("cannot decompress: %w", err)
		}
		return r, nil
	case "deflate":
		if r, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(body)), nil // Some send it bare.
	}
	return nil, fmt.Errorf("cannot decompress %q", encoding)
}

// Content is what the body of a part says: decompressed, where it came compressed, and
// whole where nothing of it is missing.
func Content(p *decode.Part, form Form) (text []byte, whole bool, err error) {
	kept := int64(len(p.Body)) >= p.Size
	encoding := Encoding(p)
	switch {
	case form == Withheld:
		return nil, false, fmt.Errorf("it is compressed (%s), so that nobody can tell what in it is secret: --reveal shows it", encoding)
	case form == Decompressed:
		return p.Body, false, nil
	case encoding == "":
		return p.Body, kept, nil
	}
	text, whole, err = Decompress(encoding, p.Body)
	return text, whole && kept, err
}
