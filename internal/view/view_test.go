package view

import (
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// noon is the moment at which tests look.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.Local)

func ago(d time.Duration) *control.Time { return &control.Time{Time: noon.Add(-d)} }

func code(n int) *int { return &n }

// shop is a project of which everything that can be said is true of something.
func shop() control.Snapshot {
	cpu, memory := 0.34, int64(35<<20)
	return control.Snapshot{Project: "shop", Instance: "main", Dir: "/src/shop", PID: 4242, Services: []control.Service{
		{Name: "db", Type: "service", State: "ready", PID: 4250, Port: 21480, Ports: map[string]int{"debug": 21481},
			URL: "postgres://app@127.0.0.1:21480/shop", Wanted: true, Since: *ago(61 * time.Second),
			StartedAt: ago(62 * time.Second), ReadyAt: ago(62*time.Second - 178*time.Millisecond), CPU: &cpu, Memory: &memory},
		{Name: "migrate", Type: "task", State: "failed", Wanted: true, Since: *ago(3 * time.Second), StartedAt: ago(4 * time.Second),
			ExitCode: code(7), Reason: "exited with code 7", DependsOn: []string{"db"}},
		{Name: "api", Type: "service", State: "failed", Port: 21482, URL: "http://127.0.0.1:21482", Wanted: true, Since: *ago(3 * time.Second),
			FailedBy: "migrate", Reason: "migrate failed: exited with code 7", DependsOn: []string{"db", "migrate"}},
		{Name: "web", Type: "service", State: "failed", Port: 21483, URL: "http://127.0.0.1:21483", Wanted: true, Since: *ago(3 * time.Second),
			FailedBy: "api", Reason: "api failed: migrate failed: exited with code 7", DependsOn: []string{"api"}},
		{Name: "queue", Type: "service", State: "starting", PID: 4300, Port: 21484, URL: "http://127.0.0.1:21484", Wanted: true,
			Since: *ago(12 * time.Second), StartedAt: ago(12 * time.Second), Reason: "http 503 from /healthz?key=***",
			Probe: &control.Probe{Kind: "http", Target: "http://127.0.0.1:21484/healthz", Failures: 17, LastError: "http 503 from /healthz?key=***", NextTry: ago(-250 * time.Millisecond)}},
		{Name: "worker", Type: "service", State: "waiting", Wanted: true, Since: *ago(12 * time.Second),
			Reason: "waits for queue (starting)", WaitsFor: []string{"queue"}, DependsOn: []string{"queue"}},
		{Name: "mail", Type: "service", State: "backoff", Port: 21485, URL: "http://127.0.0.1:21485", Wanted: true, Since: *ago(time.Second),
			StartedAt: ago(2 * time.Second), ExitCode: code(1), Restarts: 2, Reason: "exited with code 1", NextTry: ago(-1500 * time.Millisecond)},
		{Name: "docs", Type: "service", State: "stopped", Port: 21486, URL: "http://127.0.0.1:21486", Since: *ago(time.Hour), Reason: "not started"},
	}}
}
