package run

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/lhrun/lhrun/internal/control"
)

func TestAFrontSaysWhatWouldLetItHaveItsPort(t *testing.T) {
	for err, want := range map[error]string{
		syscall.EADDRINUSE: "port 443: address already in use",
		fs.ErrPermission:   `front.port takes "auto" or a higher number`,
	} {
		got := portError(443, err)
		if _, ok := errors.AsType[*control.PortError](got); !ok || !strings.Contains(got.Error(), want) {
			t.Errorf("%v: %v", err, got)
		}
	}
}
