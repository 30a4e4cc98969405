package trust

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// toolPatience bounds one call of a tool.
const toolPatience = 15 * time.Second

// runTool returns what a tool prints. It finds no terminal to ask for a password on, and
// the error is what it said last.
func runTool(ctx context.Context, program string, args ...string) ([]byte, error) {
	return runFor(ctx, toolPatience, program, args...)
}

// runFor is runTool with a patience of its own.
func runFor(ctx context.Context, patience time.Duration, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.SysProcAttr = withoutTerminal()
	cmd.WaitDelay = time.Second
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch said := lastLine(errs.String()); {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("%s did not end within %s", program, patience)
	case said != "":
		return nil, errors.New(said)
	}
	return nil, fmt.Errorf("%s: %w", program, err)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// certutil finds that of NSS.
func (m machine) certutil() (string, error) {
	if m.os == "darwin" { // Homebrew keeps it out of PATH.
		for _, path := range []string{"/opt/homebrew/opt/nss/bin/certutil", "/usr/local/opt/nss/bin/certutil"} {
			if exists(path) {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath("certutil")
	if err != nil || m.os == "windows" {
		return "", &noToolError{"certutil", "install it: " + m.installer() + "; then \"lhrun trust\" again"}
	}
	return path, nil
}

// installers say how certutil is installed, by the program that does it.
var installers = [][2]string{
	{"apt-get", "apt install libnss3-tools"},
	{"dnf", "dnf install nss-tools"},
	{"yum", "yum install nss-tools"},
	{"pacman", "pacman -S nss"},
	{"apk", "apk add nss-tools"},
	{"zypper", "zypper install mozilla-nss-tools"},
	{"brew", "brew install nss"},
	{"pkg", "pkg install nss"},
}

func (m machine) installer() string {
	for _, one := range installers {
		for _, dir := range []string{"usr/bin", "sbin", "usr/sbin", "opt/homebrew/bin", "usr/local/bin"} {
			if exists(m.under(dir, one[0])) {
				return one[1]
			}
		}
	}
	if m.os == "darwin" {
		return "brew install nss"
	}
	return "libnss3-tools (Debian, Ubuntu), nss-tools (Fedora, Alpine) or nss (Arch)"
}
