package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lhrun/lhrun/internal/systems"
)

// latePath builds testdata/late, which listens 20 ms after its start.
func latePath(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "late")
	if out, err := exec.Command("go", "build", "-o", path, "./testdata/late").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

const chainLength = 10

// TestAChainIsReadyInLittleMoreThanItsSum compares with the same programs started
// by hand, each as soon as the one before listens. It is a measurement: other work
// on the machine disturbs both, so the best of several rounds counts.
func TestAChainIsReadyInLittleMoreThanItsSum(t *testing.T) {
	systems.Need(t, systems.Pace)
	late := latePath(t)
	h := newHome(t)
	config := "dotenv = false\n[defaults]\ncommand = [\"" + late + "\"]\n"
	for i := range chainLength {
		config += fmt.Sprintf("[services.s%d]\n", i)
		if i > 0 {
			config += fmt.Sprintf("depends_on = [\"s%d\"]\n", i-1)
		}
	}
	dir := h.checkout("lhrun.toml", config)
	best := func(before, now time.Duration) time.Duration {
		if before == 0 {
			return now
		}
		return min(before, now)
	}
	var sum, chain, gap time.Duration
	for round := range 15 {
		sum = best(sum, bareChain(t, late))
		r := h.up(dir)
		r.wait("all ready")
		r.stop()
		took, gaps := chainTimes(t, r)
		chain, gap = best(chain, took), best(gap, gaps[0])
		if round >= 2 && chain <= sum*13/10 && gap <= 20*time.Millisecond {
			break
		}
	}
	t.Logf("the chain took %v, the bare sum %v; a dependent ran %v after its dependency listened", chain, sum, gap)
	if chain > sum*13/10 {
		t.Errorf("the chain took %v, want at most 1.3 times %v", chain, sum)
	}
	if gap > 20*time.Millisecond {
		t.Errorf("a dependent ran %v after its dependency listened, want 20ms", gap)
	}
}

// chainTimes are the time from the first start to the last listening, and those
// from each listening to the start of the next, sorted.
func chainTimes(t *testing.T, r *run) (took time.Duration, gaps []time.Duration) {
	t.Helper()
	var first, listened int64
	for i := range chainLength {
		var began, now int64
		if _, err := fmt.Sscan(strings.Join(r.texts(fmt.Sprintf("s%d", i)), " "), &began, &now); err != nil {
			t.Fatalf("s%d: %v\n%s", i, err, r.text())
		}
		if i == 0 {
			first = began
		} else {
			gaps = append(gaps, time.Duration(began-listened))
		}
		listened = now
	}
	slices.Sort(gaps)
	return time.Duration(listened - first), gaps
}

// bareChain starts the programs one after the other, each when the one before says
// that it listens.
func bareChain(t *testing.T, late string) time.Duration {
	t.Helper()
	var first, last int64
	for i := range chainLength {
		l := squat(t, "127.0.0.1:0")
		host, port, _ := net.SplitHostPort(l.Addr().String())
		_ = l.Close()
		cmd := exec.Command(late)
		cmd.Env = append(os.Environ(), "HOST="+host, "PORT="+port)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		var began int64
		if _, err := fmt.Fscan(out, &began, &last); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = began
		}
	}
	return time.Duration(last - first)
}
