package run

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func TestAPortFileThatMayNotBeWrittenCanBeDoneWithout(t *testing.T) {
	denied := fmt.Errorf("cannot write %q: %w", "/p/.env", fs.ErrPermission)
	if got := unwritable(denied); !errors.Is(got, fs.ErrPermission) || !strings.HasSuffix(got.Error(), `with "dotenv = false" lhrun writes none`) {
		t.Error(got)
	}
	for _, err := range []error{nil, fs.ErrInvalid} {
		if got := unwritable(err); got != err {
			t.Error(got)
		}
	}
}
