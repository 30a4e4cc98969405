package dotenv

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/lhrun/lhrun/internal/files"
)

// The lines around what lhrun writes.
const (
	beginMarker = "# >>> lhrun >>>"
	endMarker   = "# <<< lhrun <<<"
)

// block is the range of bytes from the line of the first marker to that of the last,
// without its newline. Both ends are 0 where there is no block.
type block struct{ start, end int }

func (b block) none() bool { return b.end == 0 }

// findBlock looks for the one block of text. It goes by lines alone, so that
// reading and writing agree on it whatever the lines around it are.
func findBlock(name, text string) (block, *Error) {
	var found block
	begun := -1
	bad := func(off int, msg string) (block, *Error) {
		return block{}, errorAt(name, text, off, 1, msg, "repair or delete lhrun's lines by hand")
	}
	for off := 0; off < len(text); {
		line := firstLine(text[off:])
		switch strings.Trim(line, blanks+"\r") {
		case beginMarker:
			if begun >= 0 || !found.none() {
				return bad(off, "lhrun's block begins a second time")
			}
			begun = off
		case endMarker:
			if begun < 0 {
				return bad(off, "lhrun's block ends without having begun")
			}
			found = block{begun, off + len(line)}
			begun = -1
		}
		off += len(line) + 1
	}
	if begun >= 0 {
		return bad(begun, "lhrun's block begins and does not end")
	}
	return found, nil
}

// firstLine returns text up to its first \n or lone \r. The \r of a \r\n belongs to
// the line.
func firstLine(text string) string {
	i := strings.IndexAny(text, "\r\n")
	switch {
	case i < 0:
		return text
	case strings.HasPrefix(text[i:], "\r\n"):
		return text[:i+1]
	}
	return text[:i]
}

// Change is one file before and after. Before is nil when there is no file,
// After is nil when the file shall go.
type Change struct {
	Path          string
	Before, After []byte
	// None says that nothing needs to be written.
	None bool
}

// Plan says what writing vars into the block of the file at path changes. The
// rest of the file stays as it is, byte for byte; a first block comes at its
// end, where it wins. Without vars there is no block. A garbled block is Errors.
func Plan(path string, vars []Pair) (*Change, error) {
	lines, err := Format(vars)
	if err != nil {
		return nil, fmt.Errorf("cannot write %q: %w", path, err)
	}
	if len(vars) == 0 {
		return PlanRemove(path)
	}
	before, text, found, err := readForChange(path)
	if err != nil {
		return nil, err
	}
	body := beginMarker + "\n" + string(lines) + endMarker
	switch {
	case !found.none():
		text = text[:found.start] + body + text[found.end:]
	case text == "" || text == bom || strings.HasSuffix(text, "\n"):
		text += body + "\n"
	default:
		// No newline at the end of the block says that the file had none
		// either, and PlanRemove gives its bytes back.
		text += "\n" + body
	}
	return change(path, before, []byte(text)), nil
}

// PlanRemove says what taking the block out of the file at path changes. A file
// that held nothing else goes.
func PlanRemove(path string) (*Change, error) {
	before, text, found, err := readForChange(path)
	if err != nil {
		return nil, err
	}
	if found.none() {
		return change(path, before, before), nil
	}
	above, below := text[:found.start], text[found.end:]
	if below == "" {
		above = strings.TrimSuffix(above, "\n")
	}
	text = above + strings.TrimPrefix(below, "\n")
	if text == "" {
		return change(path, before, nil), nil
	}
	return change(path, before, []byte(text)), nil
}

func change(path string, before, after []byte) *Change {
	same := (before == nil) == (after == nil) && bytes.Equal(before, after)
	return &Change{Path: path, Before: before, After: after, None: same}
}

// readForChange reads the file, which need not exist, and finds its block.
func readForChange(path string) (before []byte, text string, found block, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", block{}, nil
	case err == nil && !info.Mode().IsRegular():
		return nil, "", block{}, fmt.Errorf("cannot write %q: it is no regular file; name another one with `dotenv`, or `dotenv = false`", path)
	case err == nil:
		before, err = files.ReadInput(path)
	}
	if err != nil {
		return nil, "", block{}, fmt.Errorf("cannot read %q: %w", path, files.Cause(err))
	}
	if isUTF16(before) {
		return nil, "", block{}, fmt.Errorf("cannot write %q: it is UTF-16, save it as UTF-8", path)
	}
	// The mark of UTF-8 is put back as part of the text above the block.
	text = string(before)
	rest := strings.TrimPrefix(text, bom)
	found, bad := findBlock(path, rest)
	if bad != nil {
		return nil, "", block{}, Errors{bad}
	}
	if skipped := len(text) - len(rest); !found.none() {
		found.start += skipped
		found.end += skipped
	}
	return before, text, found, nil
}
