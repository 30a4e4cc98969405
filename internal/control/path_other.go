//go:build !linux || portable

package control

import "fmt"

// maxSocketPath is what fits in a sockaddr_un, without its NUL.
const maxSocketPath = 103

// shorten refuses a path that does not fit.
func shorten(path string) (short string, release func(), err error) {
	if len(path) > maxSocketPath {
		return "", nil, fmt.Errorf("the path %s is longer than %d bytes: set XDG_RUNTIME_DIR to a shorter directory", path, maxSocketPath)
	}
	return path, func() {}, nil
}
