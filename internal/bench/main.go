// Command bench runs the same work through lhrun, through the programs of its kind
// that are installed, and through the bare limit, in turns, and prints one table.
//
//	go run ./internal/bench              everything
//	go run ./internal/bench -run flat    some rows
//	go run ./internal/bench -quick       fewer rounds, smaller loads
//	go run ./internal/bench -md          as Markdown
//	go run ./internal/bench -readme internal/bench/README.md
//
// It needs no root, writes only below a temporary directory, and ends what it has
// started, also when it is interrupted.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

type options struct {
	rounds         int
	quick          bool
	json, markdown bool
	readme         string
	timeout        time.Duration
	rows           *regexp.Regexp
}

func main() {
	if dir := os.Getenv(leaseRole); dir != "" {
		exitOn(lease(dir))
		return
	}
	var o options
	pattern := flag.String("run", "", "measure only rows whose name matches `REGEXP`")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each is measured")
	flag.BoolVar(&o.quick, "quick", false, "two rounds, a tenth of the lines, short windows")
	flag.BoolVar(&o.json, "json", false, "print JSON with every sample")
	flag.BoolVar(&o.markdown, "md", false, "print the table as Markdown")
	flag.StringVar(&o.readme, "readme", "", "put the Markdown into `FILE`, between its two marks")
	flag.DurationVar(&o.timeout, "timeout", 10*time.Minute, "measure no longer than `DURATION`")
	flag.Parse()
	var err error
	if o.rows, err = regexp.Compile(*pattern); err == nil && (o.rounds < 1 || flag.NArg() > 0) {
		err = errors.New("-rounds needs a positive number, and there are no arguments")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if o.quick {
		o.rounds = min(o.rounds, 2)
	}
	exitOn(run(o, os.Stdout, os.Stderr))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var (
	errInterrupted = errors.New("interrupted")
	errTimeout     = errors.New("out of time (-timeout)")
)

func run(o options, out, progress io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), o.timeout, errTimeout)
	defer cancel()
	ctx, stop := interruptible(ctx)
	defer stop()
	k, err := newKit(ctx)
	if err != nil {
		return err
	}
	defer k.close()
	b := &bench{kit: k, rounds: o.rounds, quick: o.quick, progress: progress}
	here, missing := contenders(k)
	b.contenders = here
	rows := b.measure(ctx, experiments(o.quick), o.rows)
	if context.Cause(ctx) == errInterrupted {
		err = errInterrupted
	}
	if o.readme != "" && err == nil {
		var md bytes.Buffer
		o.markdown, o.json = true, false
		if err = print(o, &md, missing, rows); err == nil {
			err = putFigures(o.readme, md.Bytes())
		}
		return err
	}
	return errors.Join(err, print(o, out, missing, rows))
}

func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case <-signals:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

func print(o options, out io.Writer, missing []string, rows []*row) error {
	absent := "none"
	if len(missing) > 0 {
		absent = strings.Join(missing, ", ")
	}
	switch {
	case o.json:
		return printJSON(out, machine(), missing, rows)
	case o.markdown:
		fmt.Fprintf(out, "Measured on %s, in %d rounds.\n\n", machine(), o.rounds)
		printMarkdown(out, rows)
		fmt.Fprintln(out, "\nGrowth:")
		fmt.Fprintln(out)
		printGrowth(out, rows, "- ")
		fmt.Fprintln(out, "\nNotes:")
		printNotes(out, rows, "- ")
		fmt.Fprintf(out, "\nNot installed here: %s.\n", absent)
	default:
		fmt.Fprintf(out, "%s; medians of %d rounds\n\n", machine(), o.rounds)
		printText(out, rows)
		fmt.Fprintln(out)
		printGrowth(out, rows, "  ")
		printNotes(out, rows, "  ")
		fmt.Fprintf(out, "\nmissing: %s\n", absent)
	}
	return nil
}

// experiments are all that there are, in the order of the table.
func experiments(quick bool) []*experiment {
	lines := 500_000
	if quick {
		lines = 50_000
	}
	return []*experiment{
		flat(10), flat(50), flat(200), flat(500),
		chain(10), chain(50), dag(100),
		flood(load{"4 × %d lines of 100 bytes to a file", 4, lines, 100, atMostTimes(1.5), "concurrently", 1}),
		flood(load{"40 × %d lines of 100 bytes", 40, lines / 10, 100, atMostTimes(2), "", 0}),
		flood(load{"4 × %d lines of 10 bytes", 4, lines, 10, atMostTimes(2), "", 0}),
		flood(load{"4 × %d lines of 10 kB", 4, lines / 100, 10_000, atMostTimes(2), "", 0}),
		latency(50), idle(50, 15), idle(500, 40), stopping(50),
		calls(), traffic(quick), leases(1, 2), leases(50, 150), restart(), notice(50), size(),
	}
}
