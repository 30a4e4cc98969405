package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lhrun/lhrun/ports"
)

// serving is where serve listens and what it shows.
type serving struct {
	dir  string
	host string
	port int
}

// drainTime is how long requests under way may take once serve is asked to end.
const drainTime = 2 * time.Second

func newServe(g *globals) *cobra.Command {
	var host, port string
	cmd := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve files on $HOST:$PORT, to this machine only",
		Long: `serve is a static file server for development: DIR, or the current directory,
on $HOST:$PORT. Without $PORT it takes a free one and says which.

It listens on loopback addresses only, answers only requests for localhost and
loopback names, and shows neither dotfiles nor what lies outside DIR, also not
through a symbolic link.`,
		Example: `  lhrun serve
  lhrun serve dist --port 8080
  command = '"$LHRUN" serve public'     (in lhrun.toml)`,
		Args: between(0, 1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, noFiles
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := newServing(args, host, port)
			if err != nil {
				return err
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return g.serve(ctx, s)
		},
	}
	cmd.Flags().StringVar(&host, "host", os.Getenv("HOST"), "listen on loopback `HOST`")
	cmd.Flags().StringVar(&port, "port", os.Getenv("PORT"), "listen on `PORT`; 0 takes a free one")
	cmd.Flags().Lookup("host").DefValue = "$HOST, else 127.0.0.1"
	cmd.Flags().Lookup("port").DefValue = "$PORT, else 0"
	return cmd
}

func newServing(args []string, host, port string) (serving, error) {
	s := serving{dir: ".", host: "127.0.0.1"}
	if len(args) == 1 {
		s.dir = args[0]
	}
	if host != "" {
		s.host = host
	}
	if s.host == "localhost" {
		s.host = "127.0.0.1"
	}
	if ip := net.ParseIP(s.host); ip == nil || !ip.IsLoopback() {
		return s, usageError("serve listens on loopback addresses only, not on %q", host)
	}
	if port == "" {
		return s, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return s, usageError("%q is not a port", port)
	}
	s.port = int(n)
	return s, nil
}

// serve answers requests until ctx ends, then finishes those under way.
func (g *globals) serve(ctx context.Context, s serving) error {
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return usageError("cannot serve %q: %w", s.dir, errors.Unwrap(err))
	}
	defer root.Close()
	listener, err := s.listen(ctx)
	if err != nil {
		return err
	}
	server := fileServer(root, g.Out, g.Err)
	fmt.Fprintf(g.Out, "serving %s on http://%s\n", abs(s.dir), listener.Addr())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	_ = server.Shutdown(drain) // what is left after drainTime ends with the process
	<-ended
	return nil
}

// A connection may take headerTime for the head of a request, and be silent between
// two requests for idleTime.
const (
	headerTime = 10 * time.Second
	idleTime   = 2 * time.Minute
)

// fileServer writes a line for each request to out, and what goes wrong to trouble.
func fileServer(root *os.Root, out, trouble io.Writer) *http.Server {
	return &http.Server{
		Handler:           logged(out, localOnly(http.FileServer(visible{root}))),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		ErrorLog:          log.New(trouble, "lhrun: ", 0),
	}
}

func (s serving) listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	address := net.JoinHostPort(s.host, strconv.Itoa(s.port))
	listener, err := lc.Listen(ctx, "tcp", address)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return listener, err
	}
	if err := ports.Free(s.port); err != nil {
		return nil, err
	}
	return nil, exitError{exitPortTaken, fmt.Errorf("port %d is taken", s.port)}
}

func abs(dir string) string {
	if full, err := filepath.Abs(dir); err == nil {
		return full
	}
	return dir
}
