package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/decode"
	"github.com/lhrun/lhrun/internal/traffic"
)

func TestTrafficReadsInEightyColumns(t *testing.T) {
	ms := 1234.5
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	rows := Sheet{Width: 80, Height: 24}.TrafficRows([]traffic.Edge{{From: "web", To: "api"}})
	for _, test := range []struct {
		row  traffic.Row
		want string
	}{
		{traffic.Row{ID: 7, Time: at, From: "web", To: "api", Method: "GET", Path: "/orders?page=2", Status: "200", MS: &ms},
			"    7  12:00:00  web -> api  GET     /orders?page=2       200          1234"},
		{traffic.Row{ID: 8, Time: at, From: "web", To: "api", Method: "GET", Path: "/\x1b[2J日本語日本語日本語日本語", Error: "encrypted"},
			"    8  12:00:00  web -> api  GET     /日本語日本語日本語  pending"},
		{traffic.Row{ID: 9, Time: at, From: "web", To: "api", Method: "GET", Path: "/a", Status: "503", MS: &ms, Fault: "slow"},
			"    9  12:00:00  web -> api  GET     [slow] /a            503          1234"},
	} {
		got := rows.Row(test.row)
		if n := columnsOf(got); n > 80 || strings.ContainsRune(got, 0x1b) || !strings.HasPrefix(got, test.want[:40]) {
			t.Errorf("%d columns:\n%s, want\n%s", n, got, test.want)
		}
	}
	if head := rows.Head(); columnsOf(head) > 80 {
		t.Errorf("%d columns: %s", columnsOf(head), head)
	}
}

func TestACallIsShownWhole(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	e := traffic.Entry{ID: 3, Edge: traffic.Edge{From: "web", To: "api"}, Fault: "slow", Exchange: decode.Exchange{
		Protocol: decode.WebSocket, Method: "GET", Path: "/", Status: "200", Began: at, Ended: at.Add(1500 * time.Microsecond), Left: 2,
		Request:  decode.Part{Line: "GET / HTTP/1.1", Fields: []decode.Field{{Name: "Host", Value: "api\x1b]0;x\a"}}},
		Response: decode.Part{Line: "HTTP/1.1 200 OK", Body: []byte(`{"a":1}`), Size: 100},
		Messages: []decode.Message{{At: at, Dir: decode.Up, Kind: "binary", Data: []byte{0, 1}, Size: 2}},
	}}
	var b bytes.Buffer
	if err := (Sheet{}).ShowTraffic(&b, e); err != nil {
		t.Fatal(err)
	}
	want := `call 3  web -> api  websocket  2026-03-01 12:00:00.000
200, 1.5 ms
fault: slow

> GET / HTTP/1.1
> Host: api

< HTTP/1.1 200 OK

{
  "a": 1
}
… of 100 bytes in all, 7 are kept

> 12:00:00.000 binary, 2 bytes
00000000  00 01                                             |..|

… 2 messages not kept
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
