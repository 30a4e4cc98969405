package git

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// patience bounds one question to git.
const patience = 5 * time.Second

// Answer is what git says of a file.
type Answer int

// The answers. Nobody is one of no repository, or of no git; Unknown is one of a git
// that fails or takes too long.
const (
	Nobody Answer = iota
	Yes
	No
	Unknown
)

// Tracked asks whether the repository around the file at path tracks it.
func Tracked(path string) Answer {
	return ask(path, "--literal-pathspecs", "ls-files", "--error-unmatch")
}

// Ignored asks whether the repository around the file at path ignores it, which need
// not be there. Files that git tracks are not ignored.
func Ignored(path string) Answer { return ask(path, "check-ignore", "-q") }

// ask runs a git command that only reads. Git sees the repository's index, objects and
// list of excludes, but a configuration of ours: that of the repository may name
// programs, for a file monitor, a remote to fetch missing objects from and more, and
// belongs to whoever made it.
func ask(path string, command ...string) Answer {
	dir, base := filepath.Split(path)
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	top, found := Top(dir)
	program, err := exec.LookPath("git")
	if !found || err != nil {
		return Nobody
	}
	below, err := filepath.Rel(top, filepath.Join(dir, base))
	if err != nil {
		return Unknown
	}
	view, err := newView(top)
	if err != nil {
		return Unknown
	}
	defer view.remove()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	args := []string{"-C", top, "-c", "core.fsmonitor=false", "--no-pager"}
	cmd := exec.CommandContext(ctx, program, slices.Concat(args, command, []string{"--", "./" + below})...)
	cmd.Env = view.environ()
	err = cmd.Run()
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return Yes
	case failed && exit.ExitCode() == 1:
		return No
	}
	return Unknown
}

// view is a git directory for one question. Only HEAD and refs have to be there.
type view struct {
	dir         string
	top         string
	own, common string
}

func newView(top string) (*view, error) {
	v := &view{top: top}
	v.own, v.common = Dirs(top)
	var err error
	if v.dir, err = os.MkdirTemp("", "lhrun-git-"); err != nil {
		return nil, err
	}
	if err := v.fill(); err != nil {
		v.remove()
		return nil, err
	}
	return v, nil
}

func (v *view) fill() error {
	config := "[core]\n\trepositoryformatversion = 1\n"
	if bytes.Contains(Read(filepath.Join(v.common, "config")), []byte("sha256")) {
		config += "[extensions]\n\tobjectformat = sha256\n"
	}
	shared, _ := filepath.Glob(filepath.Join(v.own, "sharedindex.*")) // Of a split index.
	links := []string{filepath.Join(v.common, "info")}
	for _, path := range append(links, shared...) {
		if err := os.Symlink(path, filepath.Join(v.dir, filepath.Base(path))); err != nil {
			return err
		}
	}
	return errors.Join(
		os.Mkdir(filepath.Join(v.dir, "refs"), 0o700),
		os.WriteFile(filepath.Join(v.dir, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600),
		os.WriteFile(filepath.Join(v.dir, "config"), []byte(config), 0o600),
	)
}

// environ leaves nothing of git's own variables, which could name another repository,
// and forbids the ways to another machine.
func (v *view) environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GIT_") })
	return append(env,
		"GIT_DIR="+v.dir,
		"GIT_WORK_TREE="+v.top,
		"GIT_INDEX_FILE="+filepath.Join(v.own, "index"),
		"GIT_OBJECT_DIRECTORY="+filepath.Join(v.common, "objects"),
		"GIT_NO_LAZY_FETCH=1",
		"GIT_ALLOW_PROTOCOL=",
		"GIT_OPTIONAL_LOCKS=0",
	)
}

func (v *view) remove() { _ = os.RemoveAll(v.dir) }
