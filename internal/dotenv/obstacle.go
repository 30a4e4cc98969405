package dotenv

import (
	"errors"
	"os"
)

// linkError says why a link is not followed.
type linkError string

func (e linkError) Error() string { return "it " + string(e) }

// Obstacle says what the file at path is that lhrun does not write, such as "is a
// link to a file that does not exist"; "" is nothing of the kind. root is that of
// Write. What git tracks is for Tracked to tell.
func Obstacle(root, path string) string {
	_, err := resolve(root, path)
	if link, ok := errors.AsType[linkError](err); ok {
		return string(link)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "is no regular file"
	}
	return ""
}
