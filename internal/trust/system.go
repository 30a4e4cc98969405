package trust

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lhrun/lhrun/internal/words"
)

// anchorDir is how a kind of system takes roots in: files in a directory, and a program
// that makes of them what others read.
type anchorDir struct{ dir, tool, add, remove string }

var anchorDirs = []anchorDir{
	{"etc/pki/ca-trust/source/anchors", "update-ca-trust", "update-ca-trust extract", "update-ca-trust extract"},              // Fedora, RHEL
	{"etc/ca-certificates/trust-source/anchors", "update-ca-trust", "update-ca-trust", "update-ca-trust"},                     // Arch
	{"etc/pki/trust/anchors", "update-ca-certificates", "update-ca-certificates", "update-ca-certificates"},                   // SUSE
	{"usr/local/share/ca-certificates", "update-ca-certificates", "update-ca-certificates", "update-ca-certificates --fresh"}, // Debian, Alpine
}

// under is a path in the system's files.
func (m machine) under(parts ...string) string {
	return filepath.Join(append([]string{m.root}, parts...)...)
}

// system is the store that lhrun only reads, since it is root's.
type system struct {
	placedStore
	machine machine
	how     anchorDir
}

// system returns the system's store; its Path is "" where nothing is known of it.
func (m machine) system() system {
	s := system{placedStore{Kind: kindSystem, Name: "the system"}, m, anchorDir{}}
	if m.os != "linux" {
		return s
	}
	for _, how := range anchorDirs {
		for _, bin := range []string{"usr/sbin", "usr/bin", "sbin", "bin"} {
			if isDir(m.under(how.dir)) && exists(m.under(bin, how.tool)) {
				s.Path, s.how = m.under(how.dir), how
				return s
			}
		}
	}
	return s
}

func (s system) id() placedStore { return s.placedStore }

func (s system) look(_ context.Context, a anchor) (presence, error) {
	roots, err := systemRoots(s.machine.root)
	if err != nil {
		return absent, nil // A system without roots has not ours either.
	}
	if holds(roots, a.Fingerprint) {
		return trusted, nil
	}
	return absent, nil
}

func (s system) add(context.Context, anchor) error    { return nil }
func (s system) remove(context.Context, anchor) error { return nil }

// file is where root puts the anchor.
func (s system) file(a anchor) string {
	return filepath.Join(s.Path, strings.ReplaceAll(a.Nickname, " ", "-")+".crt")
}

// addCommand is what root runs to take a in.
func (s system) addCommand(a anchor) string {
	return fmt.Sprintf("%[1]sinstall -m 644 %[2]s %[3]s && %[1]s%[4]s", asRoot(), words.ShellQuote(a.file), s.file(a), s.how.add)
}

// removeCommand is what root runs to take a out.
func (s system) removeCommand(a anchor) string {
	return fmt.Sprintf("%[1]srm %[2]s && %[1]s%[3]s", asRoot(), s.file(a), s.how.remove)
}

// asRoot is what a command begins with to be root's.
func asRoot() string {
	if os.Geteuid() == 0 {
		return ""
	}
	if _, err := exec.LookPath("sudo"); err != nil {
		if _, err := exec.LookPath("doas"); err == nil {
			return "doas "
		}
	}
	return "sudo "
}
