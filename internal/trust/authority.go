package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"net"
	"time"
)

const (
	// authorityLife is that of root and intermediate, since nobody can sign a second
	// intermediate.
	authorityLife = 5 * 365 * 24 * time.Hour
	// renewBefore is how long before its end an authority is replaced by whoever may.
	renewBefore = 60 * 24 * time.Hour
	// clockSkew is by how much a client's clock may be slow.
	clockSkew = time.Hour
)

// newAuthority makes a root, and an intermediate that it signs. The root's key ends here.
func newAuthority() (*Authority, error) {
	var id [4]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	// Databases of NSS give one nickname to all certificates of a subject, so each
	// authority has a subject of its own.
	name := "lhrun local CA " + hex.EncodeToString(id[:])
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := constrained(name, 1)
	root, err := sign(template, template, &rootKey.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	intermediate, err := sign(constrained(name+" intermediate", 0), root, &key.PublicKey, rootKey)
	if err != nil {
		return nil, err
	}
	return &Authority{root: root, intermediate: intermediate, key: key}, nil
}

// constrained is the template of an authority for names of this machine. Some verifiers
// ignore the constraints of a trusted root, so the intermediate has them too.
func constrained(name string, below int) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"lhrun"}, CommonName: name},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLen:            below,
		MaxPathLenZero:        below == 0,

		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{localhost},
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// endsSoon says that what is issued would soon be refused.
func (a *Authority) endsSoon() bool { return time.Until(a.intermediate.NotAfter) < renewBefore }

// Name is what the root is called in every store.
func (a *Authority) Name() string { return a.root.Subject.CommonName }

// Fingerprint is the SHA-256 of the root, in hex.
func (a *Authority) Fingerprint() string { return fingerprint(a.root.Raw) }
