package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// life is one contender at work in a stage.
type life struct {
	*stage
	who     *contender
	began   time.Time
	cmd     *exec.Cmd // nil for the limit
	exited  chan struct{}
	lines   chan line
	spawned []*exec.Cmd // the limit's own children
}

// line is one of the contender's output, and when it was read.
type line struct {
	text string
	at   time.Time
}

// start has who run the services. It returns at once.
func (s *stage) start(who *contender, services []service) (*life, error) {
	l := &life{stage: s, who: who, exited: make(chan struct{}), lines: make(chan line, 1<<16)}
	if who.command == nil {
		l.began = time.Now()
		return l, nil
	}
	argv, err := who.command(s, services)
	if err != nil {
		return nil, err
	}
	l.cmd = s.process(argv)
	stdout, err := l.output()
	if err != nil {
		return nil, err
	}
	l.began = time.Now()
	if err := l.cmd.Start(); err != nil {
		return nil, err
	}
	go l.read(stdout)
	return l, nil
}

// process is a command in the stage, in a process group of its own.
func (s *stage) process(argv []string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = s.dir, s.environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// output connects the contender's output to the stage's file or to a pipe.
func (l *life) output() (r *os.File, err error) {
	if l.out != nil {
		l.cmd.Stdout, l.cmd.Stderr = l.out, l.out
		return nil, nil
	}
	r, w, err := os.Pipe()
	if err == nil {
		l.cmd.Stdout, l.cmd.Stderr = w, w
	}
	return r, err
}

// read takes the contender's lines until its end. Those that nobody takes in time
// are dropped: what reads must not slow down what is measured.
func (l *life) read(stdout *os.File) {
	if stdout != nil {
		l.cmd.Stdout.(*os.File).Close()
		go l.scan(stdout)
	}
	_ = l.cmd.Wait()
	close(l.exited)
}

func (l *life) scan(stdout *os.File) {
	defer stdout.Close()
	prompt(stdout)
	in := bufio.NewReaderSize(stdout, 1<<16)
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return
		}
		select {
		case l.lines <- line{text, time.Now()}:
		default:
		}
	}
}

// up waits until all services listen, and where the contender says by itself that
// all are ready, until it has. hear is called with its lines.
func (l *life) up(ctx context.Context, services []service, hear func(line)) ([]word, time.Time, error) {
	if l.who.command == nil {
		words, err := l.spawnAll(ctx, services)
		return words, last(words), err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-l.exited:
			cancel(fmt.Errorf("%s has ended", l.who.name))
		case <-ctx.Done():
		}
	}()
	words, err := l.hub.await(ctx, len(services), listening, nil)
	at := last(words)
	if err != nil || l.who.isReady == nil || l.out != nil {
		return words, at, err
	}
	for {
		select {
		case line := <-l.lines:
			if hear != nil {
				hear(line)
			}
			if l.who.isReady(line.text) {
				return words, line.at, nil
			}
		case <-ctx.Done():
			return words, at, context.Cause(ctx)
		}
	}
}

// stop asks the contender to end, and returns when it and all services are gone.
func (l *life) stop(ctx context.Context, services int) error {
	if l.cmd == nil {
		return l.endAll(ctx)
	}
	if err := l.cmd.Process.Signal(l.who.stopBy()); err != nil {
		return err
	}
	if _, err := l.hub.await(ctx, services, gone, nil); err != nil {
		return err
	}
	select {
	case <-l.exited:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// end ends the contender in whatever way works.
func (l *life) end() {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 10*time.Second, errors.New("it did not end"))
	defer cancel()
	switch {
	case l.cmd == nil:
		_ = l.endAll(ctx)
		return
	case l.who.patient:
		_ = l.cmd.Process.Signal(l.who.stopBy())
		select {
		case <-l.exited:
			return
		case <-ctx.Done():
		}
	}
	_ = syscall.Kill(-l.cmd.Process.Pid, syscall.SIGKILL)
	<-l.exited
}
