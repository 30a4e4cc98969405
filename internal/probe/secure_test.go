package probe

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// chain is a root, an intermediate and a leaf for 127.0.0.1, and the leaf's key.
type chain struct {
	root, between, leaf *x509.Certificate
	key                 *ecdsa.PrivateKey
}

func newChain(t testing.TB) (c chain) {
	t.Helper()
	issue := func(name string, isCA bool, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: isCA, BasicConstraintsValid: true,
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
		if !isCA {
			template.IPAddresses, template.DNSNames = []net.IP{net.IPv4(127, 0, 0, 1)}, []string{"db.shop.localhost"}
		}
		if parent == nil {
			parent, by = template, key
		}
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		made, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return made, key
	}
	var by *ecdsa.PrivateKey
	c.root, by = issue("lhrun local CA 12", true, nil, nil)
	c.between, by = issue("lhrun local CA 12 intermediate", true, c.root, by)
	c.leaf, c.key = issue("", false, c.between, by)
	return c
}

// rootsFile holds a certificate as TLS_CA_FILE does.
func rootsFile(t testing.TB, c *x509.Certificate) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// served is a server that shows all of c.
func (c chain) served(t testing.TB, h http.Handler) (addr string) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{c.leaf.Raw, c.between.Raw}, PrivateKey: c.key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// TestAProbeVerifiesByItsRoots, http and grpc, and does not where it has none.
func TestAProbeVerifiesByItsRoots(t *testing.T) {
	c, other := newChain(t), newChain(t)
	addr := c.served(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") == "application/grpc" {
			w.Header().Set("Content-Type", "application/grpc")
			w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
			_, _ = w.Write(frame(8, 1))
		}
	}))
	_, port, _ := net.SplitHostPort(addr)
	own, others := rootsFile(t, c.root), rootsFile(t, other.root)
	const unknown = "which TLS_CA_FILE does not know: have it use TLS_CERT_FILE and TLS_KEY_FILE"
	for name, try := range map[string]struct {
		check Check
		want  string
	}{
		"http":                   {HTTP("https://"+addr, 0, own), ""},
		"http without roots":     {HTTP("https://"+addr, 0, ""), ""},
		"http of another CA":     {HTTP("https://"+addr, 0, others), unknown},
		"http by another name":   {HTTP("https://localhost:"+port, 0, own), `its certificate is for "db.shop.localhost, 127.0.0.1", not for localhost`},
		"http with a lost file":  {HTTP("https://"+addr, 0, own+"x"), "cannot verify its certificate by TLS_CA_FILE, restart it: "},
		"http to plain":          {HTTP(strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http", "https", 1), 0, own), "the server does not speak TLS"},
		"grpc":                   {GRPC(addr, "", own), ""},
		"grpc of another CA":     {GRPC(addr, "", others), unknown},
		"grpc without TLS":       {GRPC(healthServer(t, "", answer{status: "0", body: frame(8, 1)}), "", own), "the server does not speak TLS"},
		"grpc, TLS not expected": {GRPC(addr, "", ""), "it must speak gRPC without TLS"},
	} {
		if got := textOf(once(t, try.check)); (try.want == "") != (got == "") || !strings.Contains(got, try.want) {
			t.Errorf("%s: %q, want %q", name, got, try.want)
		}
	}
}

// TestARefusedCertificateSaysWhatToDo.
func TestARefusedCertificateSaysWhatToDo(t *testing.T) {
	c, other := newChain(t), newChain(t)
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	roots, whole := rootsFile(t, c.root), []*x509.Certificate{c.leaf, c.between}
	for name, try := range map[string]struct {
		chain []*x509.Certificate
		roots string
		now   time.Time
		want  string
	}{
		"whole":     {whole, roots, time.Now(), ""},
		"expired":   {whole, roots, time.Now().Add(24 * time.Hour), "its certificate has expired on " + c.leaf.NotAfter.Format(time.DateOnly) + ": a restart renews it"},
		"too early": {whole, roots, time.Now().Add(-24 * time.Hour), "is the clock right?"},
		"bare":      {whole[:1], roots, time.Now(), "it shows its certificate without the intermediate: have it send all that TLS_CERT_FILE holds"},
		"another":   {[]*x509.Certificate{other.leaf, other.between}, roots, time.Now(), `a certificate of "db.shop.localhost, 127.0.0.1", issued by "lhrun local CA 12 intermediate", which`},
		"no root":   {whole, empty, time.Now(), "restart it: it holds no certificate"},
	} {
		if got := textOf(verify(try.chain, try.roots, "127.0.0.1", try.now)); (try.want == "") != (got == "") || !strings.Contains(got, try.want) {
			t.Errorf("%s: %q, want %q", name, got, try.want)
		}
	}
}

// FuzzCertificate: whatever a certificate says, the reason is one short line, and only the
// chain itself is accepted.
func FuzzCertificate(f *testing.F) {
	c := newChain(f)
	roots := rootsFile(f, c.root)
	f.Add(c.leaf.Raw)
	f.Add(c.root.Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		got := verify([]*x509.Certificate{cert, c.between}, roots, "127.0.0.1", time.Now())
		if got == nil && !bytes.Equal(cert.RawTBSCertificate, c.leaf.RawTBSCertificate) {
			t.Errorf("%x is accepted", der)
		}
		if strings.ContainsAny(textOf(got), "\n\r\x1b") || len(textOf(got)) > 10*maxText {
			t.Errorf("%q", got)
		}
	})
}
