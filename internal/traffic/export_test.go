package traffic

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/decode"
)

func TestAnExportHasNoSecret(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{"cookie":["letmein"],"id":1}`))
	_ = z.Close()
	x := exchange(1, []byte(`{"Set-Cookie": {"a": "letmein"}, "b": "{\"x-api-key\":\"letmein\"}"`))
	x.Response.Fields = []decode.Field{{Name: "Content-Encoding", Value: "gzip"}, {Name: "X-Token", Value: "own-secret"}}
	x.Response.Body, x.Response.Size = zipped.Bytes(), int64(zipped.Len())
	x.Messages = []decode.Message{{Data: []byte("letmein"), Secret: true}, {Data: []byte("own-secret")}}
	own := strings.NewReplacer("own-secret", "***").Replace
	e := NewMask(DefaultHide, own).Entry(Entry{ID: 1, Edge: Edge{From: "web", To: "api"}, Exchange: x})
	var har bytes.Buffer
	if left, err := WriteHAR(&har, "1", []Entry{e}); left != 0 || err != nil {
		t.Fatal(left, err)
	}
	curl, err := e.Curl("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	other := e
	other.ID = 2
	other.Path = "/other"
	for name, text := range map[string]string{"har": har.String(), "curl": curl, "diff": Diff(&e, &other), "row": e.row().Path, "message": string(e.Messages[0].Data) + string(e.Messages[1].Data)} {
		if strings.Contains(text, "letmein") || strings.Contains(text, "own-secret") {
			t.Errorf("%s: %s", name, text)
		}
	}
	var parsed struct{ Log struct{ Entries []harEntry } }
	if err := json.Unmarshal(har.Bytes(), &parsed); err != nil || len(parsed.Log.Entries) != 1 || !strings.Contains(parsed.Log.Entries[0].Response.Content.Text, `"id":1`) {
		t.Errorf("%v: %s", err, har.String())
	}
	if !strings.Contains(string(x.Request.Body), "letmein") || x.Request.Fields[0].Value != "Bearer letmein" {
		t.Error("the mask has changed what is kept")
	}
}

func TestWhatCannotBeReadIsWithheld(t *testing.T) {
	x := exchange(1, nil)
	x.Response.Fields = []decode.Field{{Name: "content-encoding", Value: "br"}}
	e := NewMask(DefaultHide, nil).Entry(Entry{Exchange: x})
	if e.Down != Withheld || e.Response.Body != nil {
		t.Errorf("got %q, %q", e.Down, e.Response.Body)
	}
}

func TestADiffOfJSONGoesByWhatItSays(t *testing.T) {
	a, b := Entry{ID: 1, Exchange: exchange(1, []byte(`{"b":1,"a":2}`))}, Entry{ID: 2, Exchange: exchange(1, []byte(`{ "a": 2, "b": 1 }`))}
	if got := Diff(&a, &b); got != "" {
		t.Error(got)
	}
	b.Status = "500"
	if got := Diff(&a, &b); !strings.Contains(got, "\n-status 201\n+status 500\n") {
		t.Error(got)
	}
}
