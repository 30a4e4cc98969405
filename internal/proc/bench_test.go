//go:build linux || darwin || freebsd

package proc

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

func largeEnv() []string {
	env := os.Environ()
	for i := range 1500 {
		env = append(env, fmt.Sprintf("SERVICE_%d_URL=http://127.0.0.1:%d/%s", i, 20000+i, strings.Repeat("x", 20)))
	}
	return env
}

// BenchmarkStart compares with the least that a spawn can cost. What each starts
// exits at once, and is waited for outside of the measure.
func BenchmarkStart(b *testing.B) {
	for _, env := range []struct {
		name string
		vars []string
	}{{"small", []string{"A=1", "PATH=/usr/bin:/bin"}}, {"1500 variables", largeEnv()}} {
		b.Run("bare/"+env.name, func(b *testing.B) { benchBare(b, env.vars) })
		b.Run("exec/"+env.name, func(b *testing.B) { benchExec(b, env.vars) })
		b.Run("Start/"+env.name, func(b *testing.B) { benchStart(b, env.vars) })
	}
}

func benchBare(b *testing.B, env []string) {
	for b.Loop() {
		pid, err := syscall.ForkExec("/bin/true", []string{"true"}, &syscall.ProcAttr{Env: env})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		reapChild(pid)
		b.StartTimer()
	}
}

func benchExec(b *testing.B, env []string) {
	for b.Loop() {
		cmd := exec.Command("/bin/true")
		cmd.Env = env
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		cmd.Wait()
		b.StartTimer()
	}
}

func benchStart(b *testing.B, env []string) {
	table := NewTable()
	defer table.Close()
	for b.Loop() {
		p, err := table.Start(Spec{Argv: []string{"/bin/true"}, Env: env})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		p.Output().Close()
		p.End(syscall.SIGKILL, 0, nil)
		b.StartTimer()
	}
}

func BenchmarkStartAndEnd(b *testing.B) {
	table := NewTable()
	defer table.Close()
	for b.Loop() {
		p, err := table.Start(Spec{Argv: []string{"/bin/sleep", "1000"}})
		if err != nil {
			b.Fatal(err)
		}
		p.Output().Close()
		p.End(syscall.SIGTERM, patience, nil)
	}
}

func BenchmarkTree(b *testing.B) {
	table := NewTable()
	defer table.Close()
	p, err := table.Start(Spec{Argv: []string{"/bin/sh", "-c", "sleep 1000 & sleep 1000"}, Env: os.Environ()})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Output().Close()
	for b.Loop() {
		p.Tree()
	}
	p.End(syscall.SIGKILL, 0, nil)
}
