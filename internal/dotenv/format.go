package dotenv

import (
	"bytes"
	"fmt"
	"strings"
)

// Pair is one variable to write.
type Pair struct{ Key, Value string }

// Format writes one KEY=value a line, quoted so that Parse reads the same back,
// and sh and the usual .env libraries too wherever one form suits all of them and
// they take the name. What no .env file can hold is an error.
func Format(vars []Pair) ([]byte, error) {
	var out bytes.Buffer
	for _, v := range vars {
		if !IsKey(v.Key) {
			return nil, fmt.Errorf("%q cannot be the name of a variable in a .env file", v.Key)
		}
		if strings.IndexByte(v.Value, 0) >= 0 {
			return nil, fmt.Errorf("the value of %s has a NUL byte", v.Key)
		}
		if len(v.Value) > maxValue {
			return nil, fmt.Errorf("the value of %s is longer than %d KiB", v.Key, maxValue>>10)
		}
		fmt.Fprintf(&out, "%s=%s\n", v.Key, quote(v.Value))
	}
	return out.Bytes(), nil
}

func quote(value string) string {
	switch {
	case strings.IndexFunc(value, needsQuotes) < 0:
		return value
	case !strings.ContainsAny(value, "'\n\r") && !hardInSingle(value):
		return "'" + value + "'"
	}
	return doubleQuote(value)
}

func needsQuotes(r rune) bool {
	const plain = "_./:@%+,=-"
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(plain, r))
}

// hardInSingle: several libraries take \\ and \' between single quotes as
// escapes, sh and Parse do not.
func hardInSingle(value string) bool {
	return strings.Contains(value, `\\`) || strings.HasSuffix(value, `\`)
}

// doubleQuote keeps newlines as they are, which is the only form that sh reads,
// unless a line of the value would then look like a marker.
func doubleQuote(value string) string {
	escapes := []string{`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`", "\r", `\r`}
	if hasMarkerLine(value) {
		escapes = append(escapes, "\n", `\n`)
	}
	return `"` + strings.NewReplacer(escapes...).Replace(value) + `"`
}

func hasMarkerLine(value string) bool {
	for line := range strings.Lines(value) {
		switch strings.TrimSpace(line) {
		case beginMarker, endMarker:
			return true
		}
	}
	return false
}
