package logs

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// hclogLine is what go-hclog itself prints for a line.
func hclogLine(service string, at time.Time, line string) string {
	var b bytes.Buffer
	hclog.New(&hclog.LoggerOptions{Name: service, Output: &b, JSONFormat: true,
		TimeFn: func() time.Time { return at }}).Info(line)
	return b.String()
}

func TestJSONIsWhatHclogPrints(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	zone := time.FixedZone("there", 2*3600)
	for _, at := range []time.Time{noon, noon.UTC(), noon.In(zone), time.Unix(0, 1).UTC()} {
		for _, line := range []string{
			"", "plain", `quotes " and \`, "<a href='x'>&</a>", "grüße 🦊 日本", "\x1b[31mred\x1b[0m", "a\rb\tc",
			"bad \xff\xc3 bytes", "lines\u2028and\u2029paragraphs", "\uFFFD itself", "\x7f\u0080",
			strings.ReplaceAll(string(all), "\n", ""),
		} {
			var got bytes.Buffer
			if err := NewJSON(&got).Lines("web-1", at, []byte(line+"\n")); err != nil {
				t.Fatal(err)
			}
			if want := hclogLine("web-1", at, line); got.String() != want {
				t.Errorf("got  %swant %s", got.String(), want)
			}
		}
	}
}

func TestJSONIsOneObjectALine(t *testing.T) {
	out := &screen{}
	if err := NewJSON(out).Lines("api", noon, []byte("one\r\n\nthree\n")); err != nil {
		t.Fatal(err)
	}
	var messages []string
	for line := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\n"), "\n") {
		var object map[string]string
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		if object["@module"] != "api" || object["@level"] != "info" || object["@timestamp"] == "" || len(object) != 4 {
			t.Errorf("got %v", object)
		}
		messages = append(messages, object["@message"])
	}
	if got := strings.Join(messages, ","); got != "one,,three" || out.n != 1 {
		t.Errorf("got %q in %d writes", got, out.n)
	}
}

func FuzzJSONStringIsEncodingJSONs(f *testing.F) {
	f.Add([]byte("a\xffb\u2028<\"\\\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		want, err := json.Marshal(string(in))
		if err != nil {
			t.Fatal(err)
		}
		if got := appendQuoted(nil, in); !bytes.Equal(got, want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}
