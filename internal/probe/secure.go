package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// errNoTLS is a server that answers a TLS client with something else.
var errNoTLS = errors.New("the server does not speak TLS")

// certificateError says what is wrong with a server's certificate, and what to do.
type certificateError struct {
	text string
	err  error
}

func (e *certificateError) Error() string { return e.text }
func (e *certificateError) Unwrap() error { return e.err }

// verifying accepts a server whose certificate is for host and comes from one of the roots
// in a file, which each connection reads anew. It is nil without a file.
func verifying(roots, host string) *tls.Config {
	if roots == "" {
		return nil
	}
	return &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it, to say more of what is wrong.
		VerifyConnection:   func(s tls.ConnectionState) error { return verify(s.PeerCertificates, roots, host, time.Now()) },
	}
}

func verify(chain []*x509.Certificate, roots, host string, now time.Time) error {
	data, err := os.ReadFile(roots)
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(data) {
		err = errors.New("it holds no certificate")
	}
	if err != nil {
		return &certificateError{fmt.Sprintf("cannot verify its certificate by TLS_CA_FILE, restart it: %v", err), err}
	}
	if len(chain) == 0 {
		return errNoTLS
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err = chain[0].Verify(x509.VerifyOptions{Roots: pool, Intermediates: between, DNSName: host, CurrentTime: now})
	if err == nil {
		return nil
	}
	return &certificateError{whyRefused(chain, err, host, now), err}
}

// whyRefused words err for whoever has configured the server that showed chain.
func whyRefused(chain []*x509.Certificate, err error, host string, now time.Time) string {
	leaf := chain[0]
	var invalid x509.CertificateInvalidError
	var elsewhere x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && now.Before(leaf.NotBefore):
		return fmt.Sprintf("its certificate is valid from %s on: is the clock right?", leaf.NotBefore.Format(time.DateTime))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("its certificate has expired on %s: a restart renews it", leaf.NotAfter.Format(time.DateOnly))
	case errors.As(err, &elsewhere):
		return fmt.Sprintf("its certificate is for %s, not for %s: is it that of TLS_CERT_FILE?", namesOf(leaf), host)
	case len(chain) == 1 && strings.HasPrefix(leaf.Issuer.CommonName, "lhrun local CA "):
		return "it shows its certificate without the intermediate: have it send all that TLS_CERT_FILE holds"
	}
	return fmt.Sprintf("it shows a certificate of %s, issued by %s, which TLS_CA_FILE does not know: have it use TLS_CERT_FILE and TLS_KEY_FILE",
		nameOf(leaf.Subject.CommonName, namesOf(leaf)), nameOf(leaf.Issuer.CommonName, leaf.Issuer.String()))
}

// namesOf are those that c is for; the first few.
func namesOf(c *x509.Certificate) string {
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	const most = 3
	if len(names) > most {
		names = append(names[:most:most], "…")
	}
	return nameOf(strings.Join(names, ", "), "nobody")
}

// nameOf quotes what a certificate says; other where that is nothing.
func nameOf(said, other string) string {
	if text := plain([]byte(said)); text != "" {
		return fmt.Sprintf("%q", text)
	}
	return plain([]byte(other))
}
