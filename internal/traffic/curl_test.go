package traffic

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"testing"

	"github.com/lhrun/lhrun/internal/decode"
)

// TestCurlSendsTheSameBytes, whatever they are.
func TestCurlSendsTheSameBytes(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl")
	}
	body := []byte("it's $HOME `x` \"q\" \\n %s\n")
	for c := range 256 {
		body = append(body, byte(c))
	}
	e := Entry{Exchange: decode.Exchange{
		Protocol: decode.HTTP, Method: "PUT", Path: "/a/../b/[1]?x='y'&z=$HOME",
		Request: decode.Part{Body: body, Size: int64(len(body)), Fields: []decode.Field{{Name: "X-Odd", Value: `it's "$HOME"`}, {Name: "X-Empty"}, {Name: "Host", Value: "api.example"}}},
	}}
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		served++
		if r.RequestURI != e.Path || r.Method != e.Method || !slices.Equal(got, body) || r.Host != "api.example" ||
			r.Header.Get("X-Odd") != `it's "$HOME"` || r.Header["X-Empty"] == nil || r.Header["Accept"] != nil || r.Header["Content-Type"] != nil {
			t.Errorf("got %s %s %v %q", r.Method, r.RequestURI, r.Header, got)
		}
	}))
	defer server.Close()
	command, err := e.Curl(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil || served != 1 {
		t.Errorf("%v: %s\n%s", err, out, command)
	}
	e.Request.Size++
	if _, err := e.Curl(server.URL); err == nil {
		t.Error("a body that was cut is sent")
	}
}
