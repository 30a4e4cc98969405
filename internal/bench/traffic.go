package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Requests go over so many connections at once.
const callers = 32

// traffic sends small requests to a service by the addresses that lhrun gives it. The
// limit is the service itself or, for the front, a plain reverse proxy.
func traffic(quick bool) *experiment {
	requests := 40_000
	if quick {
		requests = 10_000
	}
	name := func(what string) string {
		return fmt.Sprintf("%d requests %s, %d connections", requests, what, callers)
	}
	inspected := &row{Name: name("to an inspected service"), unit: millis, goal: atMostTimes(4)}
	counted := &row{Name: name("by an edge without decoder"), unit: millis}
	front := &row{Name: name("through the front"), unit: millis, goal: atMostTimes(1)}
	first := &row{Name: "first request of a run through the front", unit: millis, goal: atMost(50, millis)}
	inspected.note("the limit is the service itself")
	front.note("the limit is a plain httputil.ReverseProxy")
	return &experiment{
		rows: []*row{inspected, counted, front, first}, who: only(limitName, lhrunName),
		run: func(ctx context.Context, b *bench, who *contender) error {
			s, err := b.newStage()
			if err != nil {
				return err
			}
			defer s.close()
			p, err := s.trafficProject(ctx)
			if err != nil {
				return err
			}
			defer p.down()
			if who.name == limitName {
				return p.measureLimit(ctx, requests, inspected, counted, front)
			}
			return p.measureLhrun(ctx, requests, inspected, counted, front, first)
		},
	}
}

// trafficProject is a run of a service that is called, and its addresses.
type trafficProject struct {
	stage                        *stage
	dir                          string
	direct, edge, counted, front int
	host                         string
}

const trafficFile = `name = "bench-traffic"
dotenv = false
[services.web]
command = "exec $LHRUN serve ."
inspect = "http"
[services.plain]
command = "exec $LHRUN serve ."
inspect = "tcp"
[services.caller]
port = false
command = "exec sleep 10000"
depends_on = ["web", "plain"]
`

func (s *stage) trafficProject(ctx context.Context) (*trafficProject, error) {
	p := &trafficProject{stage: s, dir: filepath.Join(s.kit.dir, "traffic")}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{"lhrun.toml": trafficFile, "hello.txt": "hello"} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := p.lhrun(ctx, "up", "-d", "--timeout", "30s"); err != nil {
		return nil, err
	}
	if err := p.find(ctx); err != nil {
		p.down()
		return nil, err
	}
	return p, nil
}

func (p *trafficProject) lhrun(ctx context.Context, args ...string) (string, error) {
	argv := append([]string{p.stage.kit.lhrun, "-C", p.dir}, args...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = p.stage.environ()
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

func (p *trafficProject) down() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, _ = p.lhrun(ctx, "down")
}

// find asks for the addresses.
func (p *trafficProject) find(ctx context.Context) error {
	text, err := p.lhrun(ctx, "inspect", "--json")
	if err != nil {
		return err
	}
	var edges []struct {
		From, To     string
		Port, Target int
	}
	if err := json.Unmarshal([]byte(text), &edges); err != nil {
		return err
	}
	for _, e := range edges {
		switch {
		case e.From != "caller":
		case e.To == "web":
			p.edge, p.direct = e.Port, e.Target
		default:
			p.counted = e.Port
		}
	}
	origin, err := p.lhrun(ctx, "url", "--origin", "web")
	if err != nil {
		return err
	}
	u, err := url.Parse(origin)
	if err != nil {
		return err
	}
	p.host = u.Host
	p.front, err = strconv.Atoi(u.Port())
	return err
}

func (p *trafficProject) measureLimit(ctx context.Context, requests int, inspected, counted, front *row) error {
	took, err := request(ctx, p.direct, p.host, requests)
	if err != nil {
		return err
	}
	inspected.add(limitName, took)
	counted.add(limitName, took)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	to := &url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(p.direct))}
	server := &http.Server{Handler: httputil.NewSingleHostReverseProxy(to)}
	go server.Serve(l)
	defer server.Close()
	took, err = request(ctx, l.Addr().(*net.TCPAddr).Port, p.host, requests)
	front.add(limitName, took)
	return err
}

func (p *trafficProject) measureLhrun(ctx context.Context, requests int, inspected, counted, front, first *row) error {
	for _, m := range []struct {
		row   *row
		port  int
		count int
	}{{first, p.front, 1}, {inspected, p.edge, requests}, {counted, p.counted, requests}, {front, p.front, requests}} {
		took, err := request(ctx, m.port, p.host, m.count)
		if err != nil {
			return fmt.Errorf("%s: %w", m.row.Name, err)
		}
		m.row.add(lhrunName, took)
	}
	return nil
}

// request sends so many requests by callers connections, which stay, and returns how many
// milliseconds that takes.
func request(ctx context.Context, port int, host string, requests int) (float64, error) {
	ask := []byte("GET /hello.txt HTTP/1.1\r\nHost: " + host + "\r\n\r\n")
	each := max(1, requests/callers)
	began := time.Now()
	errs := make(chan error, callers)
	var all sync.WaitGroup
	for range min(callers, requests) {
		all.Go(func() { errs <- send(ctx, port, ask, each) })
	}
	all.Wait()
	close(errs)
	var err error
	for e := range errs {
		err = errors.Join(err, e)
	}
	return ms(time.Since(began)), err
}

func send(ctx context.Context, port int, ask []byte, n int) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	answers := bufio.NewReader(c)
	for range n {
		if _, err := c.Write(ask); err != nil {
			return err
		}
		if err := skipAnswer(answers); err != nil {
			return err
		}
	}
	return nil
}

// skipAnswer reads one answer that has its length in its head.
func skipAnswer(r *bufio.Reader) error {
	length, status := -1, ""
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if status == "" {
			status = text
		}
		if text == "" {
			break
		}
		if name, value, _ := strings.Cut(text, ":"); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return err
			}
		}
	}
	if !strings.Contains(status, " 200 ") || length < 0 {
		return fmt.Errorf("answered %q", status)
	}
	_, err := r.Discard(length)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
