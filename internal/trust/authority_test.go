package trust

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheAuthorityIsConstrainedTwice(t *testing.T) {
	a, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*x509.Certificate{a.root, a.intermediate} {
		name := c.Subject.CommonName
		if !c.PermittedDNSDomainsCritical || strings.Join(c.PermittedDNSDomains, " ") != "localhost" {
			t.Errorf("%s: DNS %q, critical %v", name, c.PermittedDNSDomains, c.PermittedDNSDomainsCritical)
		}
		var ranges []string
		for _, r := range c.PermittedIPRanges {
			ranges = append(ranges, r.String())
		}
		if strings.Join(ranges, " ") != "127.0.0.0/8 ::1/128" {
			t.Errorf("%s: IP %q", name, ranges)
		}
		if !c.IsCA || c.MaxPathLen > 1 || c.PublicKeyAlgorithm != x509.ECDSA || len(c.SubjectKeyId) == 0 {
			t.Errorf("%s: CA %v, below it %d, %v", name, c.IsCA, c.MaxPathLen, c.PublicKeyAlgorithm)
		}
		if life := time.Until(c.NotAfter); life < 2*365*24*time.Hour || life > 10*365*24*time.Hour {
			t.Errorf("%s: good for %s", name, life)
		}
	}
	if !bytes.Equal(a.intermediate.AuthorityKeyId, a.root.SubjectKeyId) || a.intermediate.MaxPathLen != 0 {
		t.Errorf("the intermediate's key %x is not by %x, or has %d below it", a.intermediate.AuthorityKeyId, a.root.SubjectKeyId, a.intermediate.MaxPathLen)
	}
	if public, ok := a.key.Public().(interface{ Equal(crypto.PublicKey) bool }); ok && public.Equal(a.root.PublicKey) {
		t.Error("the key that is kept is the root's")
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	m, dir := newMachine(t)
	m.mustInstall(t, dir)
	if mode := modeOf(t, dir); mode != fs.ModeDir|0o700 {
		t.Errorf("%s is %v", dir, mode)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if mode := modeOf(t, path); mode != 0o600 {
			t.Errorf("%s is %v", path, mode)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		keys += strings.Count(string(data), keyBlock)
	}
	if keys != 2 { // Its begin and its end.
		t.Errorf("the words of one private key are %d times in %s", keys, dir)
	}
}

func TestLoadKnowsOnlyWhatInstallMade(t *testing.T) {
	m, dir := newMachine(t)
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "lhrun trust") {
		t.Errorf("before: %v", err)
	}
	silent, err := Ensure(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Ensure: %v", err)
	}
	if Variables(dir) != nil {
		t.Errorf("services are told %v", Variables(dir))
	}
	a, _ := m.mustInstall(t, dir)
	loaded, err := Load(dir)
	if err != nil || loaded.Fingerprint() != a.Fingerprint() || a.Fingerprint() != silent.Fingerprint() {
		t.Errorf("after Install: %v; what Ensure made is to be kept", err)
	}
	if again, err := Ensure(dir); err != nil || again.Fingerprint() != a.Fingerprint() {
		t.Errorf("Ensure after Install: %v", err)
	}
	if left, _ := m.mustRemove(t, dir); left {
		t.Error("something is left")
	}
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is still there", dir)
	}
}

func TestADamagedAuthorityIsSaidAndMadeAnew(t *testing.T) {
	whole, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	other, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	mixed := &Authority{root: whole.root, intermediate: whole.intermediate, key: other.key}
	swapped := &Authority{root: other.root, intermediate: whole.intermediate, key: whole.key}
	good, _ := whole.encode()
	wrongKey, _ := mixed.encode()
	wrongRoot, _ := swapped.encode()
	for name, data := range map[string]string{
		"empty": "", "cut": string(good[:len(good)/2]), "garbage": "\x00\xff", "no key": string(whole.RootPEM()),
		"another's key": string(wrongKey), "another's root": string(wrongRoot), "large": strings.Repeat("x", maxFile+1),
	} {
		t.Run(name, func(t *testing.T) {
			m, dir := newMachine(t)
			first, _ := m.mustInstall(t, dir)
			fill(t, filepath.Join(dir, authorityFile), data)
			for call, f := range map[string]func(string) (*Authority, error){"Load": Load, "Ensure": Ensure} {
				_, err := f(dir)
				if unusable, ok := errors.AsType[*UnusableError](err); !ok || errors.Is(err, fs.ErrNotExist) ||
					!strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "lhrun trust") {
					t.Errorf("%s: %v, %v", call, unusable, err)
				}
			}
			second, _ := m.mustInstall(t, dir)
			if a, err := Load(dir); err != nil || a.Fingerprint() != second.Fingerprint() || a.Fingerprint() == first.Fingerprint() {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestWhatIsNoFileInTheAuthoritysPlaceHeals(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"a directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"a link":      func(path string) error { return os.Symlink("/etc/passwd", path) },
		"nothing":     func(string) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			m, dir := newMachine(t)
			m.mustInstall(t, dir)
			path := filepath.Join(dir, authorityFile)
			if err := errors.Join(os.Remove(path), spoil(path)); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v", err)
			}
			m.mustInstall(t, dir)
			if _, err := Load(dir); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestLoadHealsWhatIsMadeOfTheAuthority(t *testing.T) {
	m, dir := newMachine(t)
	a, _ := m.mustInstall(t, dir)
	fill(t, RootFile(dir), "damaged")
	for _, name := range []string{dir, filepath.Join(dir, authorityFile)} {
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Load(dir); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(RootFile(dir)); err != nil || string(data) != string(a.RootPEM()) {
		t.Errorf("the root is %q, %v", data, err)
	}
	if modeOf(t, dir) != fs.ModeDir|0o700 || modeOf(t, filepath.Join(dir, authorityFile)) != 0o600 {
		t.Error("others may read the key")
	}
}

func TestAnExpiredAuthorityIsSaidAndMadeAnew(t *testing.T) {
	m, dir := newMachine(t)
	t.Setenv("PATH", "") // Tools are no part of a bubble.
	synctest.Test(t, func(t *testing.T) {
		first, _ := m.mustInstall(t, dir)
		time.Sleep(authorityLife - renewBefore + time.Hour)
		if _, err := Load(dir); err != nil {
			t.Errorf("before its end: %v", err)
		}
		second, _ := m.mustInstall(t, dir)
		if first.Fingerprint() == second.Fingerprint() {
			t.Error("it was kept although it ends soon")
		}
		time.Sleep(authorityLife + time.Hour)
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "it expired on 2009-") {
			t.Errorf("after its end: %v", err)
		}
	})
}

// A clock that was ahead when the CA was made, or is behind now: clients refuse all that it
// issues.
func TestAnAuthorityOfTheFutureIsSaidAndMadeAnew(t *testing.T) {
	m, dir := newMachine(t)
	t.Setenv("PATH", "")
	first, _ := m.mustInstall(t, dir)
	synctest.Test(t, func(t *testing.T) { // The year is 2000 here.
		_, err := Load(dir)
		if _, is := errors.AsType[*UnusableError](err); !is || !strings.Contains(err.Error(), "by the clock of this machine it is valid from 20") || IsUsable(dir) {
			t.Errorf("%v, usable: %v", err, IsUsable(dir))
		}
		second, _ := m.mustInstall(t, dir)
		if first.Fingerprint() == second.Fingerprint() {
			t.Error("it was kept")
		}
		if _, err := Load(dir); err != nil {
			t.Error(err)
		}
	})
	if _, err := Load(dir); err == nil {
		t.Error("five years of 2000 are over")
	}
}

func TestWhatEnsureMadeIsRenewedSilently(t *testing.T) {
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		first, err := Ensure(dir)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(authorityLife)
		second, err := Ensure(dir)
		if err != nil || first.Fingerprint() == second.Fingerprint() || second.endsSoon() {
			t.Errorf("got the same again, or %v", err)
		}
	})
}

func TestAnothersAuthorityIsNotUsed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	for _, name := range []string{"", authorityFile} {
		m, dir := newMachine(t)
		m.mustInstall(t, dir)
		if err := os.Chown(filepath.Join(dir, name), 65534, 65534); err != nil {
			t.Skip(err)
		}
		_, loaded := Load(dir)
		_, ensured := Ensure(dir)
		_, installed := m.install(context.Background(), dir, func(Verdict) {})
		_, removed := m.remove(context.Background(), dir, func(Verdict) {})
		for _, err := range []error{loaded, ensured, installed, removed} {
			if err == nil || !strings.Contains(err.Error(), "belongs to user 65534") || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%q: got %v", name, err)
			}
		}
	}
}

func TestTwoInstallsAtOnceMakeOneAuthority(t *testing.T) {
	m, dir := newMachine(t)
	var all sync.WaitGroup
	made := make([]*Authority, 8)
	for i := range made {
		all.Go(func() {
			var err error
			if i%2 == 0 {
				made[i], err = m.install(context.Background(), dir, func(Verdict) {})
			} else {
				made[i], err = Ensure(dir)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, a := range made {
		if a != nil && a.Fingerprint() != made[0].Fingerprint() {
			t.Error("there are two")
		}
	}
}

func TestAReadOnlyPlaceIsSaid(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	base := t.TempDir()
	if err := os.Chmod(base, 0o500); err != nil {
		t.Fatal(err)
	}
	m, dir := newMachine(t)
	_, installed := m.install(context.Background(), filepath.Join(base, "trust"), func(Verdict) {})
	_, ensured := Ensure(filepath.Join(base, "trust"))
	for _, err := range []error{installed, ensured} {
		if err == nil || !strings.Contains(err.Error(), "cannot use "+base) {
			t.Errorf("got %v", err)
		}
	}
	need(t, "certutil")
	m.home = base // Only the state directory can be written.
	_, verdicts := m.mustInstall(t, dir)
	has(t, verdicts[m.pki()], false, "not in: ", "permission denied")
}
