package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

const (
	certificateBlock = "CERTIFICATE"
	keyBlock         = "PRIVATE KEY"
)

// encode is the one file that an authority is kept in: in three, a crash could leave a key
// that is not its certificate's.
func (a *Authority) encode() ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return nil, err
	}
	return slices.Concat(a.RootPEM(), asPEM(a.intermediate), pem.EncodeToMemory(&pem.Block{Type: keyBlock, Bytes: key})), nil
}

// decode is the inverse of encode. It refuses an authority that could do more than ours.
func decode(data []byte) (*Authority, error) {
	a, err := parse(data)
	if err != nil {
		return nil, err
	}
	return a, a.check()
}

// parse is decode without the look at signatures, which takes a millisecond.
func parse(data []byte) (*Authority, error) {
	var certificates []*x509.Certificate
	a := &Authority{}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case certificateBlock:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			certificates = append(certificates, c)
		case keyBlock:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, err
			}
			a.key, _ = key.(crypto.Signer)
		}
	}
	if len(certificates) != 2 || a.key == nil {
		return nil, errors.New("it does not hold two certificates and a key")
	}
	a.root, a.intermediate = certificates[0], certificates[1]
	return a, nil
}

func (a *Authority) check() error {
	public, ok := a.key.Public().(*ecdsa.PublicKey)
	switch {
	case !ok || !public.Equal(a.intermediate.PublicKey):
		return errors.New("the key is not the intermediate's")
	case a.root.CheckSignatureFrom(a.root) != nil, a.intermediate.CheckSignatureFrom(a.root) != nil:
		return errors.New("a signature does not fit")
	case !isConstrained(a.root), !isConstrained(a.intermediate):
		return errors.New("it is not constrained to names of this machine")
	}
	return nil
}

func isConstrained(c *x509.Certificate) bool {
	return c.PermittedDNSDomainsCritical && slices.Equal(c.PermittedDNSDomains, []string{localhost}) &&
		!slices.ContainsFunc(c.PermittedIPRanges, func(n *net.IPNet) bool { return !n.IP.IsLoopback() }) &&
		len(c.PermittedIPRanges) == 2
}

// anothersError means that somebody else could have put there what is there.
type anothersError struct{ error }

func isAnothers(err error) bool {
	_, is := errors.AsType[anothersError](err)
	return is
}

// open reads the authority in dir. It fails with an *UnusableError for one that can issue
// nothing, and with fs.ErrNotExist where there is none.
func open(dir string) (*Authority, error) { return openWith(dir, decode) }

func openWith(dir string, decode func(data []byte) (*Authority, error)) (*Authority, error) {
	info, err := files.CheckDir(dir)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, authorityFile)
	if err := private(dir, info, 0o700); err != nil {
		return nil, err
	}
	if info, err = os.Lstat(path); err != nil {
		return nil, err
	}
	if err := private(path, info, 0o600); err != nil {
		return nil, err
	}
	data, err := files.Read(path, maxFile)
	if files.IsReadOnly(err) {
		return nil, err
	}
	var a *Authority
	if err == nil {
		a, err = decode(data)
	}
	if err != nil {
		return nil, &UnusableError{dir, fmt.Sprintf("%s is damaged: %v", authorityFile, files.Cause(err))}
	}
	if end := a.intermediate.NotAfter; time.Now().After(end) {
		return nil, &UnusableError{dir, "it expired on " + end.Format(time.DateOnly)}
	}
	if begin := a.intermediate.NotBefore; time.Now().Before(begin) {
		return nil, &UnusableError{dir, "by the clock of this machine it is valid from " + begin.Format(time.DateOnly) + " on"}
	}
	return a, nil
}

// private refuses what belongs to another user, and takes other users' access away.
func private(path string, info fs.FileInfo, mode fs.FileMode) error {
	if err := files.CheckOwner(path, info); err != nil {
		return anothersError{fmt.Errorf("the CA is not used: %w: remove it", err)}
	}
	if info.Mode().Perm()&0o077 != 0 && info.Mode()&fs.ModeSymlink == 0 {
		_ = os.Chmod(path, mode)
	}
	return nil
}
