package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// kit is what all runs share: the programs, built once, and a directory.
type kit struct {
	dir, home             string
	lhrun, service, empty string
	stages                int
}

const module = "github.com/lhrun/lhrun"

func newKit(ctx context.Context) (*kit, error) {
	dir, err := os.MkdirTemp("", "lhrun-bench-")
	if err != nil {
		return nil, err
	}
	k := &kit{dir: dir, home: filepath.Join(dir, "home")}
	for _, p := range []struct {
		path *string
		pkg  string
	}{{&k.lhrun, "/cmd/lhrun"}, {&k.service, "/internal/bench/service"}, {&k.empty, "/internal/bench/empty"}} {
		*p.path = filepath.Join(dir, filepath.Base(p.pkg))
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", *p.path, module+p.pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is built for others: without libc
		if out, err := cmd.CombinedOutput(); err != nil {
			k.close()
			return nil, fmt.Errorf("cannot build %s: %w\n%s", module+p.pkg, err, out)
		}
	}
	return k, os.Mkdir(k.home, 0o755)
}

func (k *kit) close() { os.RemoveAll(k.dir) }
