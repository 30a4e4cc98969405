//go:build linux || darwin || freebsd

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// lookup returns the path to execute after a change to s.Dir.
func lookup(s Spec) (string, error) {
	if len(s.Argv) == 0 || s.Argv[0] == "" {
		return "", errors.New("cannot start: no command")
	}
	name := s.Argv[0]
	if strings.Contains(name, "/") {
		return name, nil
	}
	denied := ""
	for _, dir := range filepath.SplitList(pathOf(s.Env)) {
		path := filepath.Join(dir, name)
		if !strings.Contains(path, "/") {
			path = "./" + path
		}
		switch err := executable(within(s.Dir, path)); {
		case err == nil:
			return path, nil
		case errors.Is(err, fs.ErrPermission) && denied == "":
			denied = path
		}
	}
	if denied != "" {
		return "", fmt.Errorf("cannot start %q: %s is not executable: %w", name, denied, fs.ErrPermission)
	}
	return "", fmt.Errorf("cannot start %q: %w", name, notInPath{})
}

// notInPath is exec.ErrNotFound in the words of this package.
type notInPath struct{}

func (notInPath) Error() string { return "not found in PATH" }
func (notInPath) Unwrap() error { return exec.ErrNotFound }

func pathOf(env []string) string {
	path := "/usr/local/bin:/usr/bin:/bin"
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			path = value
		}
	}
	return path
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// executable reports why path cannot be executed: fs.ErrNotExist or
// fs.ErrPermission, which a directory has too.
func executable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fs.ErrPermission
	}
	return unix.Access(path, unix.X_OK)
}

// explain turns what the kernel said into what is wrong. It looks only now, so a
// start that works costs no checks.
func explain(err error, s Spec, path string) error {
	name := s.Argv[0]
	if s.Dir != "" {
		switch info, statErr := os.Stat(s.Dir); {
		case statErr != nil:
			return fmt.Errorf("cannot start %q: working directory %s: %w", name, s.Dir, reason(statErr))
		case !info.IsDir():
			return fmt.Errorf("cannot start %q: working directory %s: %w", name, s.Dir, syscall.ENOTDIR)
		}
	}
	full := within(s.Dir, path)
	switch info, statErr := os.Stat(full); {
	case errors.Is(err, syscall.ENOENT) && statErr == nil:
		return fmt.Errorf("cannot start %q: the interpreter of %s does not exist: %w", name, full, err)
	case errors.Is(err, syscall.EACCES) && statErr == nil && info.IsDir():
		return fmt.Errorf("cannot start %q: %s is a directory: %w", name, full, err)
	case errors.Is(err, syscall.EACCES) && statErr == nil && info.Mode()&0o111 == 0:
		return fmt.Errorf("cannot start %q: not executable: %w", name, err)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("cannot start %q: %w (a script needs a #! line)", name, err)
	}
	return fmt.Errorf("cannot start %q: %w", name, err)
}

// reason is err without the path that a message already names.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
