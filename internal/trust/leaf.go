package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

const localhost = "localhost"

const (
	// leafLife is no more than the 30 days that are promised, clockSkew included.
	leafLife = 30*24*time.Hour - clockSkew
	// renewLeaf is how long before its end a leaf is issued anew.
	renewLeaf = leafLife / 3
	// maxLeaves bounds the cache: any client can ask for any name below localhost.
	maxLeaves = 512
)

// Leaf returns the certificate of name, localhost, a name below it or a loopback address,
// with the intermediate in its chain. It is valid for 30 days at most, kept in memory
// alone, and renewed by later calls. Leaf refuses any other name, and wildcards.
func (a *Authority) Leaf(name string) (*tls.Certificate, error) {
	name, err := canonical(name)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if leaf := a.leaves[name]; leaf != nil && time.Until(leaf.Leaf.NotAfter) > renewLeaf {
		return leaf, nil
	}
	leaf, err := a.Issue(name)
	if err != nil {
		return nil, err
	}
	if a.leaves == nil || len(a.leaves) >= maxLeaves {
		a.leaves = map[string]*tls.Certificate{}
	}
	a.leaves[name] = leaf
	return leaf, nil
}

// Issue returns a new certificate for all of names, each as for Leaf.
func (a *Authority) Issue(names ...string) (*tls.Certificate, error) {
	now := time.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"lhrun"}},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	if end := a.intermediate.NotAfter; end.Before(template.NotAfter) {
		template.NotAfter = end
	}
	for _, name := range names {
		name, err := canonical(name)
		if err != nil {
			return nil, err
		}
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("a certificate needs a name")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.intermediate, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("cannot issue a certificate for %s: %w", strings.Join(names, ", "), err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.intermediate.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// IsName reports whether a certificate can have name.
func IsName(name string) bool {
	_, err := canonical(name)
	return err == nil
}

// canonical returns a name that the authority may vouch for as certificates write it.
func canonical(name string) (string, error) {
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() {
		return ip.String(), nil
	}
	lower := strings.TrimSuffix(strings.ToLower(name), ".")
	if lower == localhost || strings.HasSuffix(lower, "."+localhost) && isHostname(lower) {
		return lower, nil
	}
	return "", fmt.Errorf("no certificate for %q: the CA is for localhost, names below it and loopback addresses, one by one", name)
}

// isHostname reports whether every label of name is one that certificates can hold.
func isHostname(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool {
				return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
			}) {
			return false
		}
	}
	return len(name) <= 253
}

// Identity is where a server finds its certificate with its chain, its key, and the root
// that its clients need, each in PEM.
type Identity struct{ Cert, Key, CA string }

// IdentityIn names the files of an identity in dir.
func IdentityIn(dir string) Identity {
	return Identity{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "ca.pem")}
}

// WriteIdentity issues a certificate for names and writes it to dir, a private directory
// that it makes: files of mode 0600, the former ones replaced.
func (a *Authority) WriteIdentity(dir string, names ...string) error {
	leaf, err := a.Issue(names...)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		return err
	}
	if err := files.PrivateDir(dir); err != nil {
		return err
	}
	var chain bytes.Buffer
	for _, der := range leaf.Certificate {
		chain.Write(pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: der}))
	}
	id := IdentityIn(dir)
	return errors.Join(
		files.Replace(id.Cert, chain.Bytes()),
		files.Replace(id.Key, pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})),
		files.Replace(id.CA, a.RootPEM()),
	)
}
