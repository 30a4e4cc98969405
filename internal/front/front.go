// Package front leads browsers to services by name: one port of a checkout, http and
// https on it, a reverse proxy behind. It runs in a process of its own, which follows
// the run through a control.Project: flooding, stopping or killing it touches no
// service.
package front

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/lhrun/lhrun/internal/control"
)

// Authority makes certificates for names below .localhost.
type Authority interface {
	Leaf(name string) (*tls.Certificate, error)
}

const (
	// headerPatience is how long the head of a request may take, and idlePatience how
	// long a connection stays without one.
	headerPatience = 30 * time.Second
	idlePatience   = 2 * time.Minute
)

// Options are what a front may go without.
type Options struct {
	// Authority, unless nil, makes https possible.
	Authority Authority
	// Observe, unless nil, may put a connection in the place of a new one to a service.
	Observe func(service string, c net.Conn) net.Conn
}

// Serve answers on listeners until ctx or the project ends.
func Serve(ctx context.Context, project control.Project, listeners []net.Listener, o Options) error {
	t, err := follow(ctx, project)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           newHandler(t, o.Observe),
		ReadHeaderTimeout: headerPatience,
		IdleTimeout:       idlePatience,
		Protocols:         new(http.Protocols),
		TLSConfig:         tlsConfig(t, o.Authority),
		ErrorLog:          discard,
		// "OPTIONS *" is for the service too, and tells nobody else of one.
		DisableGeneralOptionsHandler: true,
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	ended := make(chan error, len(listeners)+1)
	for _, l := range listeners {
		go func() { ended <- server.Serve(newDoor(l, server.TLSConfig, mostConnectionsIn())) }()
	}
	go func() { ended <- t.run() }()
	err = <-ended
	_ = server.Close()
	if ctx.Err() != nil || errors.Is(err, control.ErrEnded) {
		return nil
	}
	return err
}

// tlsConfig answers for the names of services alone.
func tlsConfig(t *tracker, authority Authority) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if authority == nil || t.now().routes.Find(hello.ServerName) == "" {
				return nil, errors.New("no certificate for that name")
			}
			return authority.Leaf(hello.ServerName)
		},
	}
}
