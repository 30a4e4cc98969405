package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// visible is a directory without its dotfiles, without what links reach outside
// it, and without what is neither file nor directory: opening a named pipe would
// wait for its writer.
type visible struct {
	root *os.Root
}

// Open gives the *os.File itself, so that the kernel can send it.
func (v visible) Open(name string) (http.File, error) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		name = "."
	}
	name, err := v.real(name)
	if err != nil {
		return nil, notShown(err)
	}
	if hidden(name) {
		return nil, fs.ErrNotExist
	}
	info, err := v.root.Stat(name)
	if err != nil {
		return nil, notShown(err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	file, err := v.root.Open(name)
	switch {
	case err != nil:
		return nil, notShown(err)
	case info.IsDir():
		return visibleDir{file}, nil
	default:
		return file, nil
	}
}

// maxLinks bounds the links on the way to a file, as systems do.
const maxLinks = 40

// real returns name without the links on its way, since a link may lead to a dotfile.
// A dotfile on the way there ends it: nothing behind one is shown.
func (v visible) real(name string) (string, error) {
	done, rest := "", name
	for links := 0; rest != ""; {
		var element string
		element, rest, _ = strings.Cut(rest, "/")
		done = path.Join(done, element)
		if hidden(done) {
			return done, nil
		}
		target, err := v.root.Readlink(done)
		if err != nil {
			continue // No link; Stat says what else is wrong.
		}
		if links++; links > maxLinks || path.IsAbs(target) {
			return "", fs.ErrNotExist
		}
		done, rest = "", path.Join(path.Dir(done), filepath.ToSlash(target), rest)
	}
	return done, nil
}

// notShown makes every reason but a missing permission look like a missing file.
func notShown(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fs.ErrPermission
	}
	return fs.ErrNotExist
}

// visibleDir lists no dotfiles.
type visibleDir struct {
	*os.File
}

func (d visibleDir) ReadDir(n int) ([]fs.DirEntry, error) {
	entries, err := d.File.ReadDir(n)
	shown := entries[:0]
	for _, e := range entries {
		if !hidden(e.Name()) {
			shown = append(shown, e)
		}
	}
	return shown, err
}

// hidden reports whether an element of a slash-separated path starts with a dot.
func hidden(name string) bool {
	for element := range strings.SplitSeq(name, "/") {
		if element != "." && strings.HasPrefix(element, ".") {
			return true
		}
	}
	return false
}

// localOnly answers reads that name this machine. A page of a stranger's site
// whose name was made to point at 127.0.0.1 still sends that name in Host.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !isLocalHost(r.Host):
			http.Error(w, "this server is for localhost only", http.StatusForbidden)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "this server only shows files", http.StatusMethodNotAllowed)
		default:
			// Ports are shared over time by different projects, so nothing may be
			// taken from a cache without asking.
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			next.ServeHTTP(w, r)
		}
	})
}

// isLocalHost reports whether a Host header names this machine.
func isLocalHost(header string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// logged writes one line a request, once it is answered.
func logged(w io.Writer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		start := time.Now()
		counted := &countingWriter{ResponseWriter: rw, status: http.StatusOK}
		defer func() {
			fmt.Fprintf(w, "%s %s %d %d %s\n", r.Method, r.URL.EscapedPath(), counted.status,
				counted.bytes, time.Since(start).Round(10*time.Microsecond))
		}()
		next.ServeHTTP(counted, r)
	})
}

// countingWriter remembers what was answered.
type countingWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (c *countingWriter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom keeps the kernel's way of sending a file.
func (c *countingWriter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}

// Unwrap is for http.ResponseController.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
