package run

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Execution is a command in the environment of a project or a service.
type Execution struct {
	Argv []string
	Env  []string
	// Dir is where it runs; "" is here.
	Dir string
}

// Execution returns argv in the environment of service, or of the project where
// service is "". A service's command runs in its own directory, not in dir.
func (p *Project) Execution(service, dir string, argv []string) (Execution, error) {
	if err := p.Known(service); err != nil {
		return Execution{}, err
	}
	if s, err := p.ResolvedService(service); err == nil {
		dir = s.Dir
	}
	env, _ := p.Resolved.Environ(service)
	return Execution{argv, env, dir}, nil
}

// Enter goes to the directory of x and finds its program.
func (x *Execution) Enter() (path string, err error) {
	if x.Dir != "" {
		full, err := filepath.Abs(x.Dir)
		if err != nil {
			full = x.Dir
		}
		x.Env = setVar(x.Env, "PWD", full)
		if err := os.Chdir(x.Dir); err != nil {
			return "", &DirError{err}
		}
	}
	path, err = LookPath(x.Argv[0], Lookup(x.Env, "PATH"))
	if err != nil {
		return "", &CommandError{x.Argv[0], err}
	}
	return path, nil
}

// LookPath finds name as a shell does, in path, which is the command's rather than
// lhrun's own. Of several reasons it prefers "not allowed" to "not there".
func LookPath(name, path string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, executable(name)
	}
	reason := error(fs.ErrNotExist)
	for _, dir := range filepath.SplitList(path) {
		file := filepath.Join(dir, name)
		if dir == "" || dir == "." {
			file = "." + string(filepath.Separator) + name
		}
		switch err := executable(file); {
		case err == nil:
			return file, nil
		case errors.Is(err, fs.ErrPermission):
			reason = err
		}
	}
	return "", reason
}

// Lookup returns the last value of key in env.
func Lookup(env []string, key string) string {
	value := ""
	for _, kv := range env {
		if k, v, _ := strings.Cut(kv, "="); k == key {
			value = v
		}
	}
	return value
}

// setVar returns env with key set to value, once.
func setVar(env []string, key, value string) []string {
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, key+"=") {
			out = append(out, kv)
		}
	}
	return append(out, key+"="+value)
}
