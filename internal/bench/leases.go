package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lhrun/lhrun/ports"
)

// leaseRole is the variable that makes this program one that leases ports: the
// directory of its checkout.
const leaseRole = "BENCH_LEASES"

const leaseCount = 20

// leases measures 20 ports that are asked for the first time, by one program and by
// many at once.
func leases(programs int, most float64) *experiment {
	r := &row{Name: fmt.Sprintf("%d new leases, %d lhrun at once", leaseCount, programs), unit: millis, goal: atMost(most, millis)}
	if programs > 1 {
		r.stat = worst
		r.Name += ", the slowest"
	}
	return &experiment{rows: []*row{r}, who: only(lhrunName), run: func(ctx context.Context, b *bench, who *contender) error {
		s, err := b.newStage()
		if err != nil {
			return err
		}
		defer s.close()
		self, err := os.Executable()
		if err != nil {
			return err
		}
		for i := range programs {
			cmd, err := s.leaser(self, strconv.Itoa(i))
			if err != nil {
				return err
			}
			defer cmd.Wait()
		}
		defer s.hub.close() // which ends them, before they are waited for
		if _, err := s.hub.await(ctx, programs, listening, nil); err != nil {
			return err
		}
		s.hub.say()
		words, err := s.hub.await(ctx, programs, done, nil)
		for _, w := range words {
			// The time is how long it took, here.
			r.add(who.name, ms(time.Duration(w.at.UnixNano())))
		}
		return err
	}}
}

// leaser starts this program as one that leases ports.
func (s *stage) leaser(self, name string) (*exec.Cmd, error) {
	dir := filepath.Join(s.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	cmd := s.process([]string{self})
	cmd.Env = append(cmd.Env, leaseRole+"="+dir, "XDG_STATE_HOME="+filepath.Join(s.dir, "state"))
	return cmd, cmd.Start()
}

// lease is the role: it tells the hub how long it took, and holds the ports until
// the hub has gone.
func lease(dir string) error {
	c, err := net.Dial("unix", os.Getenv("BENCH_HUB"))
	if err != nil {
		return err
	}
	defer c.Close()
	tell := func(what string, n int64) {
		fmt.Fprintf(c, "%s %d %s %d\n", filepath.Base(dir), os.Getpid(), what, n)
	}
	var requests []ports.Request
	for i := range leaseCount {
		requests = append(requests, ports.Request{Service: fmt.Sprint("s", i)})
	}
	tell(listening, time.Now().UnixNano())
	var start [1]byte
	if _, err := c.Read(start[:]); err != nil {
		return err
	}
	began := time.Now()
	registry, err := ports.Open(ports.Options{})
	if err != nil {
		return err
	}
	checkout, err := registry.Checkout("bench", dir)
	if err != nil {
		return err
	}
	held, err := registry.Lease(checkout, requests)
	if err != nil {
		return err
	}
	defer held.Close()
	tell(done, int64(time.Since(began)))
	_, _ = c.Read(start[:])
	return nil
}
