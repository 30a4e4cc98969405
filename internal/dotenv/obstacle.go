package dotenv

import (
	"errors"
	"os"
)

// linkError says why a link is not followed.
type linkError string

func (e linkError) Error() string { return "it " + string(e) }

// Obstacle returns why lhrun does not write the file at path, such as "is a link to a
// file that does not exist"; "" is no reason. root is that of Write. Obstacle does not
// ask git; Tracked does.
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
