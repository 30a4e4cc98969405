package traffic

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/lhrun/lhrun/internal/decode"
)

func TestAReplaySendsTheSameRequest(t *testing.T) {
	e := Entry{ID: 4, Exchange: exchange(1, []byte("body"))}
	e.Path = "/a/../b%2Fc?x=1;y=%20"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.RequestURI != e.Path || r.Method != "POST" || string(body) != "body" || r.Host != "api" || r.Header.Get("Authorization") != "Bearer letmein" || r.Header["User-Agent"] != nil {
			t.Errorf("got %s %s %v %q", r.Method, r.RequestURI, r.Header, body)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
		_, _ = w.Write([]byte("gone"))
	}))
	defer server.Close()
	again, err := e.Replay(t.Context(), server.URL)
	if err != nil || again.Status != "302" || string(again.Response.Body) != "gone" || again.Pending() {
		t.Errorf("got %+v, %v", again, err)
	}
	e.Protocol = decode.Postgres
	if _, err := e.Replay(t.Context(), server.URL); err == nil || err.Error() != "cannot repeat call 4: it is postgres, not HTTP" {
		t.Errorf("got %v", err)
	}
}
