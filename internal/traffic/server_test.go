package traffic

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestAFollowerMayStayLongerThanARequestMayTake: the bound is for what it sends.
func TestAFollowerMayStayLongerThanARequestMayTake(t *testing.T) {
	s := newStore(t, 1<<20)
	server := httptest.NewUnstartedServer(handler(s))
	server.Config.ReadTimeout = 100 * time.Millisecond
	server.Config.ReadHeaderTimeout = server.Config.ReadTimeout / 2 // as Serve has it
	server.Start()
	defer server.Close()
	resp, err := http.Post(server.URL+"/list", "application/json", strings.NewReader(`{"follow":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	time.Sleep(4 * server.Config.ReadTimeout)
	s.Open(Edge{From: "web", To: "api"}).Emit(exchange(1, nil))
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, `{"row":{"id":1,`) {
		t.Errorf("got %q, %v", line, err)
	}
}

func FuzzServer(f *testing.F) {
	s := NewStore(1 << 20)
	f.Cleanup(s.Close)
	s.Open(Edge{From: "web", To: "api"}).Emit(exchange(1, nil))
	h := handler(s)
	f.Add("/list", `{"names":["a->b"],"last":1}`)
	f.Add("/show?id=1", "")
	f.Fuzz(func(_ *testing.T, target, body string) {
		if strings.Contains(strings.ToLower(body), "follow") {
			return
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			r, err := http.NewRequest(method, target, strings.NewReader(body))
			if err == nil && r.URL.Path != "/clear" {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		}
	})
}
