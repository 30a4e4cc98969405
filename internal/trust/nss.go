package trust

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// websites are the trust flags of an authority for websites and for nothing else.
const websites = "C,,"

// nss is a database of Mozilla's library, which Chromium uses on Linux as well.
type nss struct {
	placedStore
	machine machine
}

func (s nss) id() placedStore { return s.placedStore }

// database is the argument that names it to certutil.
func (s nss) database() string {
	if !exists(filepath.Join(s.Path, "cert9.db")) && exists(filepath.Join(s.Path, "cert8.db")) {
		return "dbm:" + s.Path
	}
	return "sql:" + s.Path
}

func (s nss) isThere() bool {
	return exists(filepath.Join(s.Path, "cert9.db")) || exists(filepath.Join(s.Path, "cert8.db"))
}

func (s nss) certutil(ctx context.Context, args ...string) ([]byte, error) {
	program, err := s.machine.certutil()
	if err != nil {
		return nil, err
	}
	return runTool(ctx, program, append(args, "-d", s.database())...)
}

// look asks for the certificate itself, and for the flags in the list of all.
func (s nss) look(ctx context.Context, a anchor) (presence, error) {
	if !s.isThere() {
		return absent, nil
	}
	list, err := s.certutil(ctx, "-L")
	if err != nil {
		return absent, err
	}
	flags, listed := "", false
	for line := range strings.Lines(string(list)) {
		if rest, is := strings.CutPrefix(strings.TrimSpace(line), a.Nickname+" "); is {
			flags, listed = strings.TrimSpace(rest), true
		}
	}
	if !listed {
		return absent, nil
	}
	out, err := s.certutil(ctx, "-L", "-n", a.Nickname, "-a")
	switch {
	case err != nil:
		return absent, err
	case !holds(out, a.Fingerprint):
		return absent, nil
	}
	if ssl, _, _ := strings.Cut(flags, ","); !strings.Contains(ssl, "C") {
		return distrusted, nil
	}
	return trusted, nil
}

func (s nss) add(ctx context.Context, a anchor) error {
	if _, err := s.machine.certutil(); err != nil {
		return err
	}
	if !s.isThere() {
		if err := os.MkdirAll(s.Path, 0o700); err != nil {
			return err
		}
		if _, err := s.certutil(ctx, "-N", "--empty-password"); err != nil {
			return err
		}
	}
	_, err := s.certutil(ctx, "-A", "-n", a.Nickname, "-t", websites, "-i", a.file)
	if err != nil && strings.Contains(err.Error(), "SEC_ERROR_BAD_PASSWORD") {
		return fmt.Errorf("a primary password protects it: certutil -M -d %s -n '%s' -t %s", s.database(), a.Nickname, websites)
	}
	return err
}

func (s nss) remove(ctx context.Context, a anchor) error {
	_, err := s.certutil(ctx, "-D", "-n", a.Nickname)
	return err
}

// holds reports whether one of the certificates in a text of PEM has that fingerprint.
func holds(text []byte, want string) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == certificateBlock && fingerprint(block.Bytes) == want {
			return true
		}
	}
	return false
}

// noToolError means that a program has to be installed first.
type noToolError struct{ tool, hint string }

func (e *noToolError) Error() string { return e.tool + " is not installed" }

// hintOf returns what to do about err.
func hintOf(err error) string {
	if missing, ok := errors.AsType[*noToolError](err); ok {
		return missing.hint
	}
	return ""
}
