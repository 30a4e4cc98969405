// Package trust holds this user's certificate authority: it makes it, issues the
// certificates of names of this machine, puts its root where this user's browsers look, and
// takes it out again.
//
// The authority is good for nothing else: root and intermediate carry critical name
// constraints, and nobody has the root's key, which ends with the call that made it. The
// directory Dir holds
//
//	authority.pem   root, intermediate and the intermediate's key
//	root.pem        the root alone, there from Install to Remove: the mark of Load
//	bundle.pem      the system's roots and this one
//	placed.json     which roots were put where, for Remove
//
// and Dir.lock is locked while they change.
package trust

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lhrun/lhrun/internal/files"
)

const (
	authorityFile = "authority.pem"
	rootFile      = "root.pem"
	bundleFile    = "bundle.pem"
	placedFile    = "placed.json"
)

// maxFile bounds each of them, in bytes; a system's roots take some 250 kB.
const maxFile = 8 << 20

// lockPatience bounds the wait for another lhrun that changes the same files or stores.
const lockPatience = time.Minute

// Dir is the directory of this user's authority. It may be missing.
func Dir() (string, error) {
	state, err := files.StateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "trust"), nil
}

// Authority issues the certificates of names of this machine. It may be used by many
// goroutines.
type Authority struct {
	root, intermediate *x509.Certificate
	key                crypto.Signer

	mu     sync.Mutex
	leaves map[string]*tls.Certificate
}

// Root is the certificate that browsers and programs have to know.
func (a *Authority) Root() *x509.Certificate { return a.root }

// RootPEM is Root as a file holds it.
func (a *Authority) RootPEM() []byte { return asPEM(a.root) }

// UnusableError means that there is an authority that can issue nothing.
type UnusableError struct{ Dir, Why string }

func (e *UnusableError) Error() string {
	return fmt.Sprintf("the CA in %s cannot be used: %s: \"lhrun trust\" makes a new one", e.Dir, e.Why)
}

// missingError is fs.ErrNotExist in words.
type missingError struct{}

func (missingError) Error() string { return "there is no CA: \"lhrun trust\" makes one" }
func (missingError) Unwrap() error { return fs.ErrNotExist }

// Load returns the authority that Install has made in dir. The error wraps fs.ErrNotExist
// where there was no Install, or a Remove since; it is an *UnusableError where files are
// damaged or the authority has expired, and another where they belong to another user.
func Load(dir string) (*Authority, error) {
	if !isTrusted(dir) {
		return nil, missingError{}
	}
	a, err := open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = &UnusableError{dir, authorityFile + " is missing"}
	}
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, rootFile)
	if data, err := files.Read(path, maxFile); err != nil || string(data) != string(a.RootPEM()) {
		_ = write(path, a.RootPEM()) // It heals with the next Load otherwise.
	}
	return a, nil
}

// IsUsable reports whether Load would return an authority, as far as that costs little:
// every verb that tells an origin asks. It does not look at signatures.
func IsUsable(dir string) bool {
	if !isTrusted(dir) {
		return false
	}
	_, err := openWith(dir, parse)
	return err == nil
}

// Ensure is Load that makes an authority, for certificates that no browser has to know,
// where there is none. It puts none into a store and does not count as Install.
func Ensure(dir string) (*Authority, error) {
	if a, err := open(dir); err == nil && (isTrusted(dir) || !a.endsSoon()) {
		return a, nil
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	a, err := open(dir)
	switch {
	case isTrusted(dir):
		return Load(dir)
	case err == nil && !a.endsSoon():
		return a, nil
	case isAnothers(err):
		return nil, err
	}
	return remake(dir)
}

// isTrusted reports whether Install has made an authority in dir.
func isTrusted(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, rootFile))
	return err == nil
}

// lockDir makes dir and the lock on it, which the caller closes.
func lockDir(dir string) (*os.File, error) {
	if err := files.PrivateDir(dir); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", dir, err)
	}
	lock, err := files.Lock(dir+".lock", lockPatience)
	if errors.Is(err, files.ErrLocked) {
		err = errors.New("another lhrun changes the CA and does not end")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot lock %s: %w", dir, err)
	}
	if err := files.PrivateDir(dir); err != nil { // Remove took it away meanwhile.
		_ = lock.Close()
		return nil, fmt.Errorf("cannot use %s: %w", dir, err)
	}
	return lock, nil
}

// remake makes a new authority in dir, which is locked.
func remake(dir string) (*Authority, error) {
	a, err := newAuthority()
	if err != nil {
		return nil, fmt.Errorf("cannot make a CA: %w", err)
	}
	data, err := a.encode()
	if err == nil {
		err = files.Replace(filepath.Join(dir, authorityFile), data)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot keep the CA: %w", err)
	}
	return a, nil
}

// write replaces a private file that others may be replacing too.
func write(path string, data []byte) error {
	s, err := files.Stage(path, data, nil)
	if err != nil {
		return err
	}
	return s.Commit()
}

func asPEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: c.Raw})
}

// fingerprint names a certificate, by its bytes in DER.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
