package view

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/control"
	"github.com/lhrun/lhrun/internal/logs"
)

// The table as it is for a pipe, for a wide and for a narrow terminal. With
// UPDATE=1 the files are written instead.
func TestPsTable(t *testing.T) {
	crowd := shop()
	for i := range 22 {
		s := crowd.Services[0]
		s.Name, s.Port = fmt.Sprintf("replica-number-%d", i), 21500+i
		s.URL = fmt.Sprintf("http://127.0.0.1:%d", s.Port)
		crowd.Services = append(crowd.Services, s)
	}
	for _, tt := range []struct {
		name  string
		sheet Sheet
		list  []control.Service
	}{
		{"pipe", Sheet{}, shop().Services},
		{"80", Sheet{Width: 80}, shop().Services},
		{"80-calm", Sheet{Width: 80}, shop().Services[:1]},
		{"80-crowd", Sheet{Width: 80}, crowd.Services},
		{"200", Sheet{Width: 200}, shop().Services},
		{"130", Sheet{Width: 130}, shop().Services},
		{"40", Sheet{Width: 40}, shop().Services},
		{"colour", Sheet{Width: 200, Color: true}, shop().Services},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(tt.sheet.PsTable(tt.list, noon), "\n") + "\n"
			same(t, filepath.Join("testdata", "ps", tt.name+".txt"), got)
		})
	}
}

// same compares got with a file.
func same(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", path, got, want)
	}
}

// No line of the table is wider than the terminal, whatever services are called
// and say; for a pipe nothing of a reason is lost.
func FuzzPsTable(f *testing.F) {
	f.Add("api", "exited with code 1", "http://127.0.0.1:1", 80, 3)
	f.Add("a-very-long-name-of-a-service", "héllo \x1b[31mred\x1b[2J\r\n日本", "", 20, 0)
	f.Add("x", "", "u", 1, 9)
	f.Fuzz(func(t *testing.T, name, reason, url string, width, restarts int) {
		if strings.ContainsAny(name+url, "\n\x1b") {
			t.Skip("a name and a url are checked long before")
		}
		for _, r := range name + url {
			if r < ' ' || r >= 0x300 || r == 0xfffd {
				t.Skip("likewise")
			}
		}
		list := append(shop().Services[:2:2], control.Service{Name: name, State: "ready", Port: 1, URL: url, Restarts: restarts, Reason: reason})
		width = max(1, width%300)
		for _, line := range (Sheet{Width: width}).PsTable(list, noon) {
			if n := len([]rune(line)); n > width && width > 3 {
				t.Errorf("%d wide, not %d: %q", n, width, line)
			}
			if strings.ContainsAny(line, "\x1b\r\n") {
				t.Errorf("moves the cursor: %q", line)
			}
		}
		whole := strings.Join((Sheet{}).PsTable(list, noon), "\n")
		if !strings.Contains(whole, strings.TrimRight(logs.OneLine(reason), " ")) {
			t.Errorf("%q lacks %q", whole, reason)
		}
	})
}

// The shape of ps --json is a promise: these keys, these types, nothing else.
func TestPsJSONShape(t *testing.T) {
	snap := shop()
	snap.Services = snap.Services[:1]
	snap.Services[0].CPU, snap.Services[0].Memory = nil, nil
	snap.Services[0].StartedAt = &control.Time{Time: time.Date(2026, 1, 2, 15, 4, 5, 123456789, time.FixedZone("", 3600))}
	snap.Services[0].ReadyAt, snap.Services[0].Since = nil, control.Time{Time: time.Date(2026, 1, 2, 15, 4, 6, 0, time.UTC)}
	text, err := json.Marshal(snap)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	const want = `{"dir":"/src/shop","instance":"main","pid":4242,"project":"shop","seq":0,"services":[` +
		`{"exit_code":null,"name":"db","pid":4250,"port":21480,"ports":{"debug":21481},"ready_at":null,"reason":"","restarts":0,` +
		`"since":"2026-01-02T15:04:06.000Z","started_at":"2026-01-02T14:04:05.123Z","state":"ready","type":"service",` +
		`"url":"postgres://app@127.0.0.1:21480/shop","wanted":true}],"version":""}`
	if text, _ = json.Marshal(got); string(text) != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

// What ps -w draws is a whole screen: never more lines than there are, each over
// an old one.
func TestPsScreen(t *testing.T) {
	got := Sheet{Width: 80, Height: 8}.PsScreen(shop(), noon)
	if n := strings.Count(got, "\n"); n != 7 {
		t.Errorf("%d lines on a screen of 8:\n%s", n, got)
	}
	for _, want := range []string{"\x1b[H", "shop (main), pid 4242, 12:00:00\x1b[K", "more lines", "\x1b[J"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
}
