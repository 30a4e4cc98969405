package files

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// StateDir is $XDG_STATE_HOME/lhrun, or ~/.local/state/lhrun where that is not set to
// an absolute path. For root it fails where another user owns the place: what root makes
// there would lock its user out.
func StateDir() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", errors.New("cannot find a state directory: neither XDG_STATE_HOME nor HOME is set")
		}
		dir = filepath.Join(home, ".local", "state")
	}
	dir = filepath.Join(dir, "lhrun")
	return dir, notAnothers(dir)
}

// notAnothers refuses, for root, a directory that is another user's, or would be made in
// one.
func notAnothers(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && CheckOwner(dir, info) != nil:
			return fmt.Errorf("%w: run lhrun as that user, or set XDG_STATE_HOME to a directory of your own", CheckOwner(dir, info))
		case err == nil || dir == filepath.Dir(dir):
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// ProjectsDir holds a directory for each checkout; see InstanceDir. It may be missing.
func ProjectsDir() (string, error) {
	state, err := StateDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(state, "projects"), nil
}

// InstanceDir is the private directory of one checkout, which it makes. The state
// directory may be a link of the user's own; nothing below it may be one.
func InstanceDir(project, instance string) (string, error) {
	state, err := StateDir()
	if err != nil {
		return "", err
	}
	dir, err := privateDirs(state, "projects", project, instance)
	if err != nil {
		return "", fmt.Errorf("cannot use the state directory: %w; set XDG_STATE_HOME to one of your own", err)
	}
	return dir, nil
}

// privateDirs makes base, to which a link may lead, and each directory below it private.
func privateDirs(base string, below ...string) (dir string, err error) {
	if err := os.MkdirAll(base, 0o700); err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(base); err != nil {
		return "", err
	}
	if err := PrivateDir(dir); err != nil {
		return "", err
	}
	for _, name := range below {
		dir = filepath.Join(dir, name)
		if err := PrivateDir(dir); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// RuntimeDirs are the directories in which the sockets of this user's runs can be. New
// ones are made in the first: $XDG_RUNTIME_DIR/lhrun, where that is a directory of this
// user, as it is not after su, else the state directory. The others are for runs that
// were started in another environment: cron, ssh and editors often have one.
func RuntimeDirs() ([]string, error) {
	state, err := StateDir()
	if err != nil {
		return nil, err
	}
	dirs := []string{state}
	if runtime := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(runtime) && isOwn(runtime) {
		dirs = []string{filepath.Join(runtime, "lhrun"), state}
	}
	if usual := fmt.Sprintf("/run/user/%d", os.Geteuid()); isOwn(usual) {
		dirs = append(dirs, filepath.Join(usual, "lhrun"))
	}
	return dirs, nil
}

// isOwn reports whether dir, or what it links to, is a directory of this user.
func isOwn(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && info.IsDir() && CheckOwner(dir, info) == nil
}
