package supervisor_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/lhrun/lhrun/supervisor"
)

// stdout shows the services' lines as they come.
type stdout struct{}

func (stdout) Lines(service string, _ time.Time, block []byte) error {
	_, err := fmt.Printf("%s | %s", service, block)
	return err
}

func (stdout) Preview(string, time.Time, []byte) error { return nil }

// A test of your own can run what it needs: the worker starts once the migration
// has exited 0, and all of it is gone when Run returns.
func Example() {
	sup, err := supervisor.New(supervisor.Options{
		Env:    []string{"PATH=/usr/bin:/bin", "GREETING=migrated"},
		Output: stdout{},
		Services: []supervisor.Service{
			{Name: "migrate", Task: true, Command: []string{"sh", "-c", `echo "$GREETING"`}},
			{Name: "worker", Command: []string{"sleep", "600"}, DependsOn: []supervisor.Dependency{{Name: "migrate"}}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	events, unsubscribe := sup.Subscribe(64)
	defer unsubscribe()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sup.Run(ctx) }()

	if _, err := sup.Do(supervisor.Command{Verb: supervisor.VerbStart}); err != nil {
		log.Fatal(err)
	}
	for e := range events {
		if e.Kind == supervisor.EventState && e.Status.State == supervisor.StateReady {
			fmt.Println(e.Service, "is ready")
			break
		}
	}
	stop()
	if err := <-ended; err != nil {
		log.Fatal(err)
	}
	for _, st := range sup.Snapshot() {
		fmt.Println(st.Name, st.State)
	}
	// Output:
	// migrate | migrated
	// worker is ready
	// migrate completed
	// worker stopped
}
