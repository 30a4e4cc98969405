package trust

import (
	"context"
	"strings"
	"time"
)

// passwordPatience is how long the user may take to type their password.
const passwordPatience = 2 * time.Minute

// keychain is one of macOS.
type keychain struct{ placedStore }

func (k keychain) id() placedStore { return k.placedStore }

// look finds the certificate, and asks whether it is trusted for websites.
func (k keychain) look(ctx context.Context, a anchor) (presence, error) {
	out, err := runTool(ctx, "security", "find-certificate", "-a", "-p", "-c", a.Nickname, k.Path)
	if err != nil && strings.Contains(err.Error(), "could not be found") {
		return absent, nil
	}
	if err != nil {
		return absent, err
	}
	if !holds(out, a.Fingerprint) {
		return absent, nil
	}
	settings, err := runTool(ctx, "security", "dump-trust-settings")
	if err == nil && strings.Contains(string(settings), a.Nickname) {
		return trusted, nil
	}
	return distrusted, nil
}

// add has the user asked for their password by macOS itself.
func (k keychain) add(ctx context.Context, a anchor) error {
	_, err := runFor(ctx, passwordPatience, "security", "add-trusted-cert", "-r", "trustRoot", "-p", "ssl", "-k", k.Path, a.file)
	return err
}

// remove takes the trust settings away as well (-t).
func (k keychain) remove(ctx context.Context, a anchor) error {
	_, err := runTool(ctx, "security", "delete-certificate", "-Z", strings.ToUpper(a.Fingerprint), "-t", k.Path)
	return err
}
