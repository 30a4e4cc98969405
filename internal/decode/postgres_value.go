package decode

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// Object identifiers of the types that are read in their binary format.
const (
	oidBool, oidBytea, oidChar, oidName, oidInt8, oidInt2, oidInt4 = 16, 17, 18, 19, 20, 21, 23
	oidText, oidOid, oidJSON, oidXML, oidFloat4, oidFloat8         = 25, 26, 114, 142, 700, 701
	oidUnknown, oidBpchar, oidVarchar, oidNumeric, oidUUID         = 705, 1042, 1043, 1700, 2950
	oidJSONB                                                       = 3802
)

// postgresText is a value as text. Of a binary one whose type is not known that is hex.
func postgresText(p []byte, oid int, binaryFormat bool) string {
	if !binaryFormat {
		return string(p)
	}
	switch {
	case oid == oidBool && len(p) == 1:
		return strconv.FormatBool(p[0] != 0)
	case oid == oidInt2 && len(p) == 2:
		return strconv.Itoa(int(int16(binary.BigEndian.Uint16(p))))
	case oid == oidInt4 && len(p) == 4:
		return strconv.Itoa(int(int32(binary.BigEndian.Uint32(p))))
	case oid == oidOid && len(p) == 4:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32(p)), 10)
	case oid == oidInt8 && len(p) == 8:
		return strconv.FormatInt(int64(binary.BigEndian.Uint64(p)), 10)
	case oid == oidFloat4 && len(p) == 4:
		return strconv.FormatFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(p))), 'g', -1, 32)
	case oid == oidFloat8 && len(p) == 8:
		return strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(p)), 'g', -1, 64)
	case oid == oidUUID && len(p) == 16:
		h := hex.EncodeToString(p)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case oid == oidJSONB && len(p) > 0 && p[0] == 1:
		return string(p[1:])
	}
	switch oid {
	case oidText, oidVarchar, oidBpchar, oidName, oidChar, oidJSON, oidXML, oidUnknown:
		return string(p)
	}
	return `\x` + hex.EncodeToString(p)
}

// postgresParameter is a parameter as text: NULL is the null, and a text that could be
// taken for it, or for one in quotes, stands in quotes.
func postgresParameter(text string) string {
	if text == "NULL" || len(text) > 0 && text[0] == '\'' {
		return "'" + text + "'"
	}
	return text
}

type postgresColumn struct {
	name   string
	oid    int
	binary bool
}

// appendRow appends a row as a JSON object, or as an array where the columns have no
// names, as far as limit goes.
func appendRow(to []byte, b postgresBody, columns []postgresColumn, formats []bool, limit int) []byte {
	n := b.int16()
	named := len(columns) == n
	to = append(to, "[{"[boolInt(named)])
	for i := 0; i < n && len(to) < limit && len(b) > 0; i++ {
		if i > 0 {
			to = append(to, ',')
		}
		column := postgresColumn{}
		if named {
			column = columns[i]
			to = append(appendJSON(to, column.name), ':')
		}
		column.binary = column.binary || formatOf(formats, i)
		if size := b.int32(); size < 0 {
			to = append(to, "null"...)
		} else {
			to = appendValue(to, b.bytes(size), column, limit)
		}
	}
	if len(to) > limit {
		return to[:limit]
	}
	return append(to, "]}"[boolInt(named)])
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// formatOf reports whether the value i is binary: one format is for all.
func formatOf(formats []bool, i int) bool {
	switch {
	case len(formats) == 1:
		return formats[0]
	case i < len(formats):
		return formats[i]
	}
	return false
}

func appendValue(to, p []byte, column postgresColumn, limit int) []byte {
	text := postgresText(p[:min(len(p), limit)], column.oid, column.binary)
	switch column.oid {
	case oidBool:
		return append(to, strconv.FormatBool(text == "t" || text == "true")...)
	case oidInt2, oidInt4, oidInt8, oidOid, oidFloat4, oidFloat8, oidNumeric, oidJSON, oidJSONB:
		if len(text) > 0 && json.Valid([]byte(text)) {
			return append(to, text...)
		}
	}
	return appendJSON(to, text)
}

// appendJSON appends a string, with HTML as it is.
func appendJSON(to []byte, s string) []byte {
	to = append(to, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			to = append(to, '\\', byte(r))
		case r == '\n':
			to = append(to, `\n`...)
		case r == '\t':
			to = append(to, `\t`...)
		case r < ' ':
			to = append(to, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			to = utf8.AppendRune(to, r)
		}
	}
	return append(to, '"')
}

// firstWord is the first word of a query in capitals, behind comments and parentheses.
func firstWord(q []byte) []byte {
	for len(q) > 0 {
		switch {
		case isBlank(q[0]) || q[0] == '(' || q[0] == ';':
			q = q[1:]
		case len(q) > 1 && q[0] == '-' && q[1] == '-':
			q = after(q, "\n")
		case len(q) > 1 && q[0] == '/' && q[1] == '*':
			q = after(q, "*/")
		default:
			n := 0
			for n < len(q) && n < 32 && (q[n]|0x20 >= 'a' && q[n]|0x20 <= 'z' || q[n] == '_') {
				n++
			}
			return appendUpper(nil, q[:n])
		}
	}
	return nil
}

func after(q []byte, end string) []byte {
	for i := 0; i+len(end) <= len(q); i++ {
		if string(q[i:i+len(end)]) == end {
			return q[i+len(end):]
		}
	}
	return nil
}
