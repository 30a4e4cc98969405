package trust

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func (m machine) pki() string { return filepath.Join(m.home, ".pki", "nssdb") }

// profile makes a profile of Firefox below home, as the browser does.
func profile(t *testing.T, home, name string) string {
	t.Helper()
	path := filepath.Join(home, name)
	fill(t, filepath.Join(home, "profiles.ini"), "[Profile0]\r\nName=x\r\nIsRelative=1\r\nPath="+name+"\r\n")
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// certutil runs the real one and returns what it prints.
func certutil(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("certutil", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("certutil %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestEveryBrowsersStoreGetsTheRootAndLosesItAgain, wherever its packager has put it, and
// nothing else in it changes.
func TestEveryBrowsersStoreGetsTheRootAndLosesItAgain(t *testing.T) {
	need(t, "certutil")
	m, dir := newMachine(t)
	places := []string{
		m.pki(),
		profile(t, filepath.Join(m.home, ".mozilla", "firefox"), "abc.default"),
		profile(t, filepath.Join(m.config, "mozilla", "firefox"), "new.default"),
		profile(t, filepath.Join(m.home, "snap", "firefox", "common", ".mozilla", "firefox"), "snap.default"),
		profile(t, filepath.Join(m.home, ".var", "app", "org.mozilla.firefox", ".mozilla", "firefox"), "flat.default"),
		filepath.Join(m.home, "snap", "chromium", "current", ".pki", "nssdb"),
		filepath.Join(m.home, ".var", "app", "com.google.Chrome", ".pki", "nssdb"),
		filepath.Join(m.data, "pki", "nssdb"),
	}
	for _, path := range places[5:] {
		if err := os.MkdirAll(filepath.Dir(filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(places[7], 0o700); err != nil {
		t.Fatal(err)
	}
	other, stranger := filepath.Join(t.TempDir(), "other.pem"), someAuthority(t)
	fill(t, other, string(stranger.RootPEM()))
	certutil(t, "-N", "-d", "sql:"+places[1], "--empty-password")
	certutil(t, "-A", "-d", "sql:"+places[1], "-n", stranger.Name(), "-t", "C,,", "-i", other)

	a, verdicts := m.mustInstall(t, dir)
	if len(verdicts) != len(places) {
		t.Errorf("it tells of %d stores, want %d: %v", len(verdicts), len(places), verdicts)
	}
	for _, path := range places {
		has(t, verdicts[path], true, "in, and trusted for websites")
		if out := certutil(t, "-L", "-d", "sql:"+path, "-n", a.Name(), "-a"); !holds([]byte(out), a.Fingerprint()) {
			t.Errorf("%s holds %s", path, out)
		}
	}
	checked := said{}
	if _, err := m.check(context.Background(), dir, checked.add); err != nil || len(checked) != len(places) {
		t.Errorf("check: %v, %v", checked, err)
	}
	for _, v := range checked {
		has(t, v, true)
	}
	left, verdicts := m.mustRemove(t, dir)
	if left {
		t.Error("something is left")
	}
	for _, path := range places {
		has(t, verdicts[path], false, "taken out")
		if out := certutil(t, "-L", "-d", "sql:"+path); strings.Contains(out, a.Name()) {
			t.Errorf("%s still has it: %s", path, out)
		}
	}
	if out := certutil(t, "-L", "-d", "sql:"+places[1]); !strings.Contains(out, stranger.Name()) {
		t.Errorf("another CA is gone: %s", out)
	}
}

// TestAFormerRootIsTakenOut, by Install that makes another and by Remove, also when all
// files but the memory are gone.
func TestAFormerRootIsTakenOut(t *testing.T) {
	need(t, "certutil")
	m, dir := newMachine(t)
	first, _ := m.mustInstall(t, dir)
	if err := os.Remove(filepath.Join(dir, authorityFile)); err != nil {
		t.Fatal(err)
	}
	second, verdicts := m.mustInstall(t, dir)
	has(t, verdicts[m.pki()], true)
	if out := certutil(t, "-L", "-d", "sql:"+m.pki()); strings.Contains(out, first.Name()) || !strings.Contains(out, second.Name()) {
		t.Errorf("the store has %s", out)
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, authorityFile)), os.Remove(RootFile(dir))); err != nil {
		t.Fatal(err)
	}
	if left, _ := m.mustRemove(t, dir); left {
		t.Error("something is left")
	}
	if out := certutil(t, "-L", "-d", "sql:"+m.pki()); strings.Contains(out, "lhrun") {
		t.Errorf("the store has %s", out)
	}
}

// TestTheMemoryMayBeLost: the authority that is there is taken out anyway.
func TestTheMemoryMayBeLost(t *testing.T) {
	need(t, "certutil")
	for name, spoil := range map[string]func(string) error{
		"removed": os.Remove,
		"damaged": func(path string) error { return os.WriteFile(path, []byte("{"), 0o600) },
		"a link": func(path string) error {
			return errors.Join(os.Remove(path), os.Symlink("/etc/hostname", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, dir := newMachine(t)
			m.mustInstall(t, dir)
			if err := spoil(filepath.Join(dir, placedFile)); err != nil {
				t.Fatal(err)
			}
			if left, verdicts := m.mustRemove(t, dir); left || verdicts[m.pki()].Text != "taken out" {
				t.Errorf("left %v, %v", left, verdicts)
			}
		})
	}
}

// TestTwoAuthoritiesShareAStore, as those of two state directories do.
func TestTwoAuthoritiesShareAStore(t *testing.T) {
	need(t, "certutil")
	m, dir := newMachine(t)
	m.mustInstall(t, dir)
	other, _ := m.mustInstall(t, newDir(t))
	m.mustRemove(t, dir)
	if out := certutil(t, "-L", "-d", "sql:"+m.pki()); !strings.Contains(out, other.Name()) || strings.Count(out, "lhrun") != 1 {
		t.Errorf("the store has %s", out)
	}
}

// TestANicknameThatAnotherCertificateHasIsLeftAlone: the fingerprint counts.
func TestANicknameThatAnotherCertificateHasIsLeftAlone(t *testing.T) {
	need(t, "certutil")
	m, dir := newMachine(t)
	a, _ := m.mustInstall(t, dir)
	certutil(t, "-D", "-d", "sql:"+m.pki(), "-n", a.Name())
	file := filepath.Join(t.TempDir(), "other.pem")
	fill(t, file, string(someAuthority(t).RootPEM()))
	certutil(t, "-A", "-d", "sql:"+m.pki(), "-n", a.Name(), "-t", "C,,", "-i", file)
	checked := said{}
	if _, err := m.check(context.Background(), dir, checked.add); err != nil {
		t.Fatal(err)
	}
	has(t, checked[m.pki()], false, "not in")
	m.mustRemove(t, dir)
	if out := certutil(t, "-L", "-d", "sql:"+m.pki()); !strings.Contains(out, a.Name()) {
		t.Errorf("the other one is gone: %s", out)
	}
}

// TestAStoreThatFailsStopsNoOther, and is told with the reason.
func TestAStoreThatFailsStopsNoOther(t *testing.T) {
	need(t, "certutil")
	m, dir := newMachine(t)
	damaged := profile(t, filepath.Join(m.home, ".mozilla", "firefox"), "damaged.default")
	fill(t, filepath.Join(damaged, "cert9.db"), "garbage")
	locked := profile(t, filepath.Join(m.config, "mozilla", "firefox"), "locked.default")
	password := filepath.Join(t.TempDir(), "password")
	fill(t, password, "correct horse\n")
	certutil(t, "-N", "-d", "sql:"+locked, "-f", password)
	fill(t, filepath.Join(m.data, "pki", "nssdb"), "a file")

	a, verdicts := m.mustInstall(t, dir)
	has(t, verdicts[m.pki()], true)
	has(t, verdicts[damaged], false, "not in: ", "SEC_ERROR_BAD_DATABASE")
	has(t, verdicts[locked], false, "a primary password protects it", "certutil -M -d sql:"+locked)
	has(t, verdicts[filepath.Join(m.data, "pki", "nssdb")], false, "not in: ")

	left, verdicts := m.mustRemove(t, dir)
	has(t, verdicts[m.pki()], false, "taken out")
	has(t, verdicts[locked], false, "taken out")
	has(t, verdicts[damaged], true, "it may still be in: ")
	if !left {
		t.Error("nobody says that something may be left")
	}
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the authority is still there: %v", err)
	}
	if err := os.RemoveAll(damaged); err != nil {
		t.Fatal(err)
	}
	if left, _ := m.mustRemove(t, dir); left {
		t.Errorf("%s is remembered although the profile is gone", a.Name())
	}
}

// TestAStoreThatLiesIsNotBelieved: the tool reports success and stores nothing.
func TestAStoreThatLiesIsNotBelieved(t *testing.T) {
	for name, script := range map[string]string{
		"silent": "exit 0",
		// It lists what was never put in, and gives another certificate for it.
		"talkative": `for a; do [ "$a" = -N ] && : > "${0%/*}/made"; done
case "$*" in *-n*-a*|*-a*-n*) cat "${0%/*}/other.pem" ;; *-L*) sed -n 's/.*"nickname": "\(.*\)",/\1  C,,/p' "$PLACED" ;; esac`,
	} {
		t.Run(name, func(t *testing.T) {
			m, dir := newMachine(t)
			program(t, "certutil", script)
			t.Setenv("PLACED", filepath.Join(dir, placedFile))
			path, err := exec.LookPath("certutil")
			if err != nil {
				t.Fatal(err)
			}
			fill(t, filepath.Join(filepath.Dir(path), "other.pem"), string(someAuthority(t).RootPEM()))
			fill(t, filepath.Join(m.pki(), "cert9.db"), "")
			_, verdicts := m.mustInstall(t, dir)
			has(t, verdicts[m.pki()], false, "not in: although its program reports success")
			checked := said{}
			if _, err := m.check(context.Background(), dir, checked.add); err != nil {
				t.Fatal(err)
			}
			has(t, checked[m.pki()], false, "not in", "lhrun trust")
		})
	}
}

// TestAStoreThatKeepsWhatItShouldLoseIsSaid: the tool reports success and removes nothing.
func TestAStoreThatKeepsWhatItShouldLoseIsSaid(t *testing.T) {
	need(t, "certutil")
	m, dir := newMachine(t)
	m.mustInstall(t, dir)
	real, err := exec.LookPath("certutil")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("lying", func(t *testing.T) {
		program(t, "certutil", `case "$*" in *-D*) exit 0 ;; esac; exec `+real+` "$@"`)
		left, verdicts := m.mustRemove(t, dir)
		has(t, verdicts[m.pki()], true, "still in")
		if !left {
			t.Error("nobody says that it is left")
		}
	})
	if left, verdicts := m.mustRemove(t, dir); left || verdicts[m.pki()].Text != "taken out" {
		t.Errorf("the next time: left %v, %v", left, verdicts)
	}
}

// TestWithoutCertutilItsPackageIsNamed, and the authority is made all the same.
func TestWithoutCertutilItsPackageIsNamed(t *testing.T) {
	for program, want := range map[string]string{
		"apt-get": "apt install libnss3-tools", "dnf": "dnf install nss-tools", "apk": "apk add nss-tools",
		"brew": "brew install nss", "none": "libnss3-tools (Debian, Ubuntu)",
	} {
		t.Run(program, func(t *testing.T) {
			m, dir := newMachine(t)
			t.Setenv("PATH", t.TempDir())
			fill(t, filepath.Join(m.root, "usr", "bin", program), "")
			firefox := profile(t, filepath.Join(m.home, ".mozilla", "firefox"), "abc.default")
			fill(t, filepath.Join(firefox, "cert9.db"), "")
			_, verdicts := m.mustInstall(t, dir)
			for _, path := range []string{m.pki(), firefox} {
				has(t, verdicts[path], false, "certutil is not installed", want)
			}
			if _, err := Load(dir); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestAToolThatHangsIsGivenUp, and one that asks for a password finds no terminal.
func TestAToolThatHangsIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	program(t, "certutil", "exec sleep 100")
	cancel()
	if _, err := runTool(ctx, "certutil"); err == nil {
		t.Error("it ended well")
	}
	program(t, "certutil", `exec 3</dev/tty && exit 0; exit 1`)
	if _, err := runTool(context.Background(), "certutil"); err == nil {
		t.Error("it has a terminal")
	}
}

// TestTheSystemsStoreIsReadAndNeverWritten, in the form of each kind of system.
func TestTheSystemsStoreIsReadAndNeverWritten(t *testing.T) {
	for dir, want := range map[string][]string{
		"usr/local/share/ca-certificates":          {"usr/sbin/update-ca-certificates", "update-ca-certificates", "update-ca-certificates --fresh"},
		"etc/pki/trust/anchors":                    {"usr/sbin/update-ca-certificates", "update-ca-certificates", "update-ca-certificates"},
		"etc/pki/ca-trust/source/anchors":          {"usr/bin/update-ca-trust", "update-ca-trust extract", "update-ca-trust extract"},
		"etc/ca-certificates/trust-source/anchors": {"usr/bin/update-ca-trust", "update-ca-trust", "update-ca-trust"},
	} {
		t.Run(strings.ReplaceAll(dir, "/", "-"), func(t *testing.T) {
			m, place := newMachine(t)
			t.Setenv("PATH", t.TempDir())
			anchors := filepath.Join(m.root, dir)
			if err := os.MkdirAll(anchors, 0o700); err != nil {
				t.Fatal(err)
			}
			fill(t, filepath.Join(m.root, want[0]), "")
			a, verdicts := m.mustInstall(t, place)
			file := filepath.Join(anchors, strings.ReplaceAll(a.Name(), " ", "-")+".crt")
			has(t, verdicts[anchors], false, "install -m 644 '"+RootFile(place)+"' "+file+" && ", want[1])
			if entries, err := os.ReadDir(anchors); err != nil || len(entries) > 0 || !verdicts[anchors].Optional {
				t.Errorf("%v, %v, %v", entries, err, verdicts[anchors])
			}
			fill(t, filepath.Join(m.root, rootFiles[0]), string(a.RootPEM()))
			_, verdicts = m.mustInstall(t, place)
			has(t, verdicts[anchors], true, "in, and trusted for websites")
			left, verdicts := m.mustRemove(t, place)
			has(t, verdicts[anchors], true, "still in", "rm "+file, want[2])
			if left {
				t.Error("what root has to do counts")
			}
			fill(t, filepath.Join(m.root, rootFiles[0]), "")
			_, verdicts = m.mustRemove(t, place)
			has(t, verdicts[anchors], false, "was not in")
		})
	}
}

// securityTool keeps certificates in files, as far as macOS's own does for us.
const securityTool = `
cmd=$1; shift
case $cmd in
add-trusted-cert) while [ $# -gt 1 ]; do shift; done; cp "$1" "$KEYS/cert.pem" ;;
find-certificate) [ -f "$KEYS/cert.pem" ] || { echo "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain." >&2; exit 44; }; cat "$KEYS/cert.pem" ;;
dump-trust-settings) [ -f "$KEYS/cert.pem" ] && [ ! -f "$KEYS/distrusted" ] && sed -n 's/.*"nickname": "\(.*\)",/Cert 0: \1/p' "$PLACED" ;;
delete-certificate) echo "$2" > "$KEYS/deleted"; rm "$KEYS/cert.pem" ;;
esac`

func TestTheLoginKeychainGetsTheRootAndLosesItAgain(t *testing.T) {
	m, dir := newMachine(t)
	m.os = "darwin"
	keys := t.TempDir()
	program(t, "security", securityTool)
	t.Setenv("KEYS", keys)
	t.Setenv("PLACED", filepath.Join(dir, placedFile))
	path := filepath.Join(m.home, "Library", "Keychains", "login.keychain-db")
	fill(t, path, "")
	a, verdicts := m.mustInstall(t, dir)
	has(t, verdicts[path], true, "in, and trusted for websites")
	fill(t, filepath.Join(keys, "distrusted"), "")
	checked := said{}
	if _, err := m.check(context.Background(), dir, checked.add); err != nil {
		t.Fatal(err)
	}
	has(t, checked[path], false, "in, but not trusted for websites")
	if left, verdicts := m.mustRemove(t, dir); left || verdicts[path].Text != "taken out" {
		t.Errorf("left %v, %v", left, verdicts)
	}
	if got := strings.TrimSpace(read(t, filepath.Join(keys, "deleted"))); got != strings.ToUpper(a.Fingerprint()) {
		t.Errorf("it deleted %s", got)
	}
}
