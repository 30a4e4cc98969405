package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sharedAuthority is made once, since only its certificates are looked at.
var sharedAuthority = sync.OnceValues(newAuthority)

func someAuthority(t testing.TB) *Authority {
	t.Helper()
	a, err := sharedAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// verify checks a chain as a client does that knows the root alone.
func (a *Authority) verify(c *tls.Certificate, name string) error {
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(a.root)
	for _, der := range c.Certificate[1:] {
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		between.AddCert(parsed)
	}
	_, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between, CurrentTime: time.Now()})
	return err
}

func TestLeavesAreForOneNameOfThisMachine(t *testing.T) {
	a := someAuthority(t)
	for name, want := range map[string]string{
		"localhost": "localhost", "LocalHost.": "localhost", "web.shop.localhost": "web.shop.localhost",
		"Web_2.Shop.localhost": "web_2.shop.localhost", "127.0.0.1": "127.0.0.1", "127.3.2.1": "127.3.2.1",
		"::1": "::1", "::ffff:127.0.0.1": "127.0.0.1",
	} {
		leaf, err := a.Leaf(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		names := leaf.Leaf.DNSNames
		for _, ip := range leaf.Leaf.IPAddresses {
			names = append(names, ip.String())
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s: it is for %q", name, names)
		}
		if err := a.verify(leaf, want); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if life := leaf.Leaf.NotAfter.Sub(leaf.Leaf.NotBefore); life > 30*24*time.Hour {
			t.Errorf("%s: it is good for %s", name, life)
		}
		if len(leaf.Certificate) != 2 || leaf.Leaf.IsCA {
			t.Errorf("%s: %d certificates, CA %v", name, len(leaf.Certificate), leaf.Leaf.IsCA)
		}
	}
	for _, name := range []string{
		"", ".", "*", "*.localhost", "*.shop.localhost", "shop", "shop.example", "localhost.example", "xlocalhost", ".localhost",
		"a..localhost", "a b.localhost", "a/b.localhost", "-a.localhost", "a-.localhost", "\x00.localhost", "münchen.localhost",
		strings.Repeat("a", 64) + ".localhost", strings.Repeat("a.", 130) + "localhost",
		"0.0.0.0", "::", "10.0.0.1", "192.168.1.1", "[::1]", "127.0.0.1:80", "fe80::1%lo",
	} {
		if leaf, err := a.Leaf(name); err == nil {
			t.Errorf("%q has a leaf for %q", name, leaf.Leaf.DNSNames)
		}
	}
}

func TestLeavesAreCachedAndRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := newAuthority()
		if err != nil {
			t.Fatal(err)
		}
		first, _ := a.Leaf("web.shop.localhost")
		again, _ := a.Leaf("WEB.shop.localhost")
		if first == nil || first != again {
			t.Error("it was issued twice")
		}
		time.Sleep(25 * 24 * time.Hour)
		later, err := a.Leaf("web.shop.localhost")
		if err != nil || later == first || a.verify(later, "web.shop.localhost") != nil {
			t.Errorf("five days before its end: %v", err)
		}
		time.Sleep(authorityLife - 26*24*time.Hour)
		last, err := a.Leaf("web.shop.localhost")
		if err != nil || last.Leaf.NotAfter.After(a.intermediate.NotAfter) {
			t.Errorf("it outlives its authority: %v", err)
		}
	})
}

func TestManyNamesTakeBoundedMemory(t *testing.T) {
	a := &Authority{root: someAuthority(t).root, intermediate: someAuthority(t).intermediate, key: someAuthority(t).key}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range maxLeaves / 3 {
				if _, err := a.Leaf(fmt.Sprintf("n%d-%d.localhost", i, j)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if len(a.leaves) > maxLeaves {
		t.Errorf("%d leaves are kept", len(a.leaves))
	}
}

func TestAnIdentityServesAllItsNames(t *testing.T) {
	a, dir := someAuthority(t), filepath.Join(t.TempDir(), "db")
	names := []string{"127.0.0.1", "::1", "localhost", "db.shop.localhost"}
	var serials []string
	for range 2 { // The second replaces the first.
		if err := a.WriteIdentity(dir, names...); err != nil {
			t.Fatal(err)
		}
		id := IdentityIn(dir)
		for _, path := range []string{id.Cert, id.Key, id.CA} {
			if mode := modeOf(t, path); mode != 0o600 {
				t.Errorf("%s is %v", path, mode)
			}
		}
		pair, err := tls.LoadX509KeyPair(id.Cert, id.Key)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := a.verify(&pair, name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if root, err := os.ReadFile(id.CA); err != nil || string(root) != string(a.RootPEM()) {
			t.Errorf("its CA is %q, %v", root, err)
		}
		serials = append(serials, pair.Leaf.SerialNumber.String())
	}
	if serials[0] == serials[1] {
		t.Error("it was not renewed")
	}
	if err := a.WriteIdentity(dir, "shop.example"); err == nil {
		t.Error("it was written for another machine's name")
	}
}

// FuzzName: whatever name has a leaf, a client that asks for it accepts, so it is within
// the constraints.
func FuzzName(f *testing.F) {
	for _, name := range []string{"localhost", "a.localhost", "*.localhost", "127.0.0.1", "::1", "example.com", "a_b.c.localhost."} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !IsName(name) {
			if _, err := someAuthority(t).Issue(name); err == nil {
				t.Errorf("%q is no name and has a certificate", name)
			}
			return
		}
		leaf, err := someAuthority(t).Issue(name)
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		asked := strings.TrimSuffix(name, ".")
		if ip := net.ParseIP(name); ip != nil {
			asked = ip.String()
		}
		if err := someAuthority(t).verify(leaf, asked); err != nil || strings.Contains(name, "*") {
			t.Errorf("%q: %v", name, err)
		}
	})
}

// FuzzDecode: what others write into the file is an error or an authority within its
// constraints.
func FuzzDecode(f *testing.F) {
	data, err := someAuthority(f).encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decode(data)
		if err == nil && (!isConstrained(a.root) || !isConstrained(a.intermediate)) {
			t.Error("it is not constrained")
		}
	})
}
