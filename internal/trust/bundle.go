package trust

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/lhrun/lhrun/internal/files"
)

// rootFiles are where systems keep the roots that they trust, in one file of PEM.
var rootFiles = []string{
	"etc/ssl/certs/ca-certificates.crt",                // Debian, Arch, Alpine
	"etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL
	"etc/ssl/ca-bundle.pem",                            // SUSE
	"var/lib/ca-certificates/ca-bundle.pem",            // SUSE
	"usr/local/share/certs/ca-root-nss.crt",            // FreeBSD
	"etc/ssl/cert.pem",                                 // macOS, Alpine, FreeBSD
}

// systemRoots returns the roots that the system below the directory root trusts.
func systemRoots(root string) ([]byte, error) {
	for _, name := range rootFiles {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err == nil && len(bytes.TrimSpace(data)) > 0 {
			return data, nil
		}
	}
	return nil, fs.ErrNotExist
}

// Refresh brings the bundle of dir up to date with the system's roots, where Install was
// called. It is cheap where nothing has changed.
func Refresh(dir string) error { return refresh(dir, "/") }

// refresh makes no bundle where the system has no roots: it would take from programs
// those that they bring along.
func refresh(dir, root string) error {
	own, err := files.Read(filepath.Join(dir, rootFile), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	path := filepath.Join(dir, bundleFile)
	system, err := systemRoots(root)
	if err != nil {
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	want := slices.Concat(bytes.TrimRight(system, "\n"), []byte("\n"), own)
	if have, err := files.Read(path, maxFile); err == nil && bytes.Equal(have, want) {
		return nil
	}
	return write(path, want)
}

// bundleVariables name a file that programs take their roots from instead of their own.
var bundleVariables = []string{
	"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT", "CARGO_HTTP_CAINFO",
}

// Variables are those by which runtimes that read no store of the user's find the root:
// none where there was no Install in dir. It opens no file.
func Variables(dir string) map[string]string {
	if !isTrusted(dir) {
		return nil
	}
	vars := map[string]string{"NODE_EXTRA_CA_CERTS": filepath.Join(dir, rootFile)}
	bundle := filepath.Join(dir, bundleFile)
	if _, err := os.Lstat(bundle); err == nil {
		for _, name := range bundleVariables {
			vars[name] = bundle
		}
	}
	return vars
}
