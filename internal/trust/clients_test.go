package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stolen is a certificate for names beyond the constraints, as somebody makes it who has
// stolen the intermediate's key.
func stolen(t *testing.T, a *Authority, template x509.Certificate) *tls.Certificate {
	t.Helper()
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.Subject.Organization = []string{"thief"}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, a.intermediate, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.intermediate.Raw}, PrivateKey: key, Leaf: leaf}
}

// serve answers "hello" with a certificate, and returns the port.
func serve(t *testing.T, c *tls.Certificate) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{*c}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // Clients refuse some of them.
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

// The clients connect to 127.0.0.1:$1, ask for the host $2, know the root in $3 alone, and
// end with code 0 when all is well.
var clients = []struct{ name, program, script string }{
	{"curl", "curl", `exec curl -sS --max-time 20 --noproxy '*' --cacert "$3" --resolve "$2:$1:127.0.0.1" "https://$2:$1/"`},
	{"openssl", "openssl", `exec openssl s_client -connect "127.0.0.1:$1" -servername "$2" -verify_hostname "$2" -verify_return_error -CAfile "$3" </dev/null`},
	{"openssl of an address", "openssl", `exec openssl s_client -connect "127.0.0.1:$1" -verify_ip "$2" -verify_return_error -CAfile "$3" </dev/null`},
	{"python3", "python3", `exec python3 - "$@" <<'END'
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[3])
context.verify_flags |= ssl.VERIFY_X509_STRICT
context.wrap_socket(socket.create_connection(("127.0.0.1", sys.argv[1]), 20), server_hostname=sys.argv[2]).close()
END`},
	{"node", "node", `NODE_EXTRA_CA_CERTS=$3 exec node -e '
const [port, host] = process.argv.slice(1);
const s = require("tls").connect({host: "127.0.0.1", port, servername: require("net").isIP(host) ? "" : host,
  checkServerIdentity: (_, cert) => require("tls").checkServerIdentity(host, cert)}, () => process.exit(0));
s.on("error", e => { console.error(e.message); process.exit(1); });' "$1" "$2"`},
}

// TestClientsVerifyALeafAndRefuseWhatIsBeyondTheConstraints, however they learn of the root.
func TestClientsVerifyALeafAndRefuseWhatIsBeyondTheConstraints(t *testing.T) {
	m, dir := newMachine(t)
	t.Setenv("NODE_EXTRA_CA_CERTS", "")
	a, _ := m.mustInstall(t, dir)
	const name, foreign = "web.shop.localhost", "shop.example"
	leaf, err := a.Leaf(name)
	if err != nil {
		t.Fatal(err)
	}
	ours := serve(t, leaf)
	address, err := a.Leaf("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ourAddress := serve(t, address)
	theirs := serve(t, stolen(t, a, x509.Certificate{DNSNames: []string{foreign, name}}))
	theirAddress := serve(t, stolen(t, a, x509.Certificate{IPAddresses: []net.IP{net.ParseIP("10.1.2.3")}}))
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			need(t, c.program)
			for _, try := range []struct {
				port, host string
				good       bool
			}{{ours, name, true}, {ourAddress, "127.0.0.1", true}, {theirs, foreign, false}, {theirs, name, false}, {theirAddress, "10.1.2.3", false}} {
				byAddress := net.ParseIP(try.host) != nil
				if strings.HasPrefix(c.name, "openssl") && byAddress != strings.HasSuffix(c.name, "address") {
					continue
				}
				out, err := exec.Command("sh", "-c", c.script, c.name, try.port, try.host, RootFile(dir)).CombinedOutput()
				if (err == nil) != try.good {
					t.Errorf("%s: %v, want success: %v\n%s", try.host, err, try.good, out)
				}
			}
		})
	}
}

// TestNobodyElseCanBeVouchedFor: nor can an authority below ours.
func TestNobodyElseCanBeVouchedFor(t *testing.T) {
	a := someAuthority(t)
	below := stolen(t, a, x509.Certificate{IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"x.localhost"}})
	third := &Authority{root: a.root, intermediate: below.Leaf, key: below.PrivateKey.(*ecdsa.PrivateKey)}
	leaf, err := third.Issue("web.shop.localhost")
	if err != nil {
		t.Fatal(err)
	}
	leaf.Certificate = append(leaf.Certificate, a.intermediate.Raw)
	if a.verify(leaf, "web.shop.localhost") == nil {
		t.Error("an authority below the intermediate is accepted")
	}
	for name, c := range map[string]x509.Certificate{
		"shop.example": {DNSNames: []string{"shop.example"}},
		"10.1.2.3":     {IPAddresses: []net.IP{net.ParseIP("10.1.2.3")}},
		"fe80::1":      {IPAddresses: []net.IP{net.ParseIP("fe80::1")}},
	} {
		if err := a.verify(stolen(t, a, c), name); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// TestTheBundleKnowsTheSystemsRootsAndOurs, and follows the system's.
func TestTheBundleKnowsTheSystemsRootsAndOurs(t *testing.T) {
	m, dir := newMachine(t)
	a, _ := m.mustInstall(t, dir)
	if vars := Variables(dir); vars["NODE_EXTRA_CA_CERTS"] != RootFile(dir) || len(vars) != 1 {
		t.Errorf("without roots of a system: %v", vars)
	}
	other, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	roots := filepath.Join(m.root, "etc", "ssl", "certs", "ca-certificates.crt")
	fill(t, roots, strings.TrimSpace(string(other.RootPEM())))
	if err := refresh(dir, m.root); err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(dir, bundleFile)
	vars := Variables(dir)
	for _, name := range bundleVariables {
		if vars[name] != bundle {
			t.Errorf("%s is %q", name, vars[name])
		}
	}
	pool := x509.NewCertPool()
	text := read(t, bundle)
	if !pool.AppendCertsFromPEM([]byte(text)) || !holds([]byte(text), a.Fingerprint()) || !holds([]byte(text), other.Fingerprint()) {
		t.Errorf("the bundle is %s", text)
	}
	before := stat(t, bundle)
	if err := refresh(dir, m.root); err != nil || !before.ModTime().Equal(stat(t, bundle).ModTime()) {
		t.Errorf("it was written again: %v", err)
	}
	fill(t, roots, "")
	if err := refresh(dir, m.root); err != nil || len(Variables(dir)) != 1 {
		t.Errorf("without roots again: %v, %v", Variables(dir), err)
	}
	if err := refresh(newDir(t), m.root); err != nil {
		t.Errorf("without an authority: %v", err)
	}
}
