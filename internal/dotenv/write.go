package dotenv

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
)

// Write makes all changes or none. Each file is replaced in one step, so a reader
// sees the old or the new one, and keeps its mode; a new one is 0600, because it may
// hold passwords. A link is followed only as long as it stays below root. A file that
// no longer is what was planned from is an error.
func Write(root string, changes ...*Change) (err error) {
	var staged []*stagedFile
	defer func() {
		for _, s := range staged {
			if s.next != nil {
				s.next.Discard()
			}
		}
	}()
	targets := map[string]bool{}
	for _, c := range changes {
		if c.None {
			continue
		}
		s, err := stage(root, c)
		if err != nil {
			return fmt.Errorf("cannot write %q: %w", c.Path, err)
		}
		staged = append(staged, s)
		if targets[s.target] {
			return fmt.Errorf("cannot write %q: it is the same file as another one to write", c.Path)
		}
		targets[s.target] = true
	}
	return commitAll(staged)
}

// commitAll takes the last step of each; when one fails, those before are undone.
func commitAll(staged []*stagedFile) error {
	for i, s := range staged {
		if err := s.commit(); err != nil {
			for _, done := range slices.Backward(staged[:i]) {
				done.undo()
			}
			return fmt.Errorf("cannot write %q: %w", s.change.Path, files.Cause(err))
		}
	}
	return nil
}

// Remove takes the block out of the file at path and says whether there was one.
func Remove(root, path string) (bool, error) {
	c, err := PlanRemove(path)
	if err != nil || c.None {
		return false, err
	}
	return true, Write(root, c)
}

// stagedFile is a change that needs one more step.
type stagedFile struct {
	change *Change
	target string
	// next is nil when the file shall go.
	next *files.Staged
	// info is the file to replace; nil when there is none.
	info fs.FileInfo
}

// stage prepares everything that can fail.
func stage(root string, c *Change) (*stagedFile, error) {
	target, err := resolve(root, c.Path)
	if err != nil {
		return nil, err
	}
	s := &stagedFile{change: c, target: target}
	now, err := files.ReadInput(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		now = nil
	case err != nil:
		return nil, err
	default:
		if s.info, err = os.Stat(target); err != nil {
			return nil, files.Cause(err)
		}
	}
	if (now == nil) != (c.Before == nil) || !bytes.Equal(now, c.Before) {
		return nil, errors.New("somebody else changed it just now")
	}
	if c.After != nil {
		if s.next, err = files.Stage(target, c.After, s.info); err != nil {
			return nil, files.Cause(err)
		}
	}
	return s, nil
}

// commit is one rename or removal.
func (s *stagedFile) commit() error {
	if s.change.After == nil {
		return os.Remove(s.target)
	}
	return s.next.Commit()
}

// undo puts the old file back, as far as that goes.
func (s *stagedFile) undo() {
	if s.change.Before == nil {
		_ = os.Remove(s.target)
		return
	}
	if old, err := files.Stage(s.target, s.change.Before, s.info); err == nil {
		_ = old.Commit()
	}
}

// resolve follows links to the file that shall be replaced. What is named below
// root must be below it; what is named elsewhere must be where it is named.
func resolve(root, path string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", linkError("is a link to a file that does not exist")
		}
	}
	if !below(root, path) {
		root = filepath.Dir(path)
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		target, err = filepath.EvalSymlinks(filepath.Dir(path))
		target = filepath.Join(target, filepath.Base(path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("its directory does not exist")
	}
	if err != nil {
		return "", files.Cause(err)
	}
	realRoot, err := filepath.EvalSymlinks(root)
	if err != nil {
		return "", files.Cause(err)
	}
	if !below(realRoot, target) {
		return "", linkError(fmt.Sprintf("is behind a link to %q, outside of %q", target, root))
	}
	return target, nil
}

// below reports whether path is inside of dir, going by their names.
func below(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
