//go:build !portable

package proc

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestOnlyWhatCannotHaveBeenWrittenToIsUnmapped(t *testing.T) {
	const path = "/opt/my tools/lhrun"
	for line, want := range map[string]bool{
		"00400000-0090b000 r-xp 00000000 fe:00 1234      " + path:         true,
		"0090b000-00e26000 r--p 0050b000 fe:00 1234      " + path:         true,
		"00e26000-00e85000 rw-p 00a26000 fe:00 1234      " + path:         false,
		"00400000-0090b000 r-xp 00000000 fe:00 99        /opt/other":      false,
		"00400000-0090b000 r-xp 00000000 fe:00 1234      " + path + ".so": false,
		"7ffd0000-7ffd2000 r-xp 00000000 00:00 0         [vdso]":          false,
		"0090b000-00400000 r-xp 00000000 fe:00 1234      " + path:         false,
		"zz-90 r-xp 00000000 fe:00 1234      " + path:                     false,
		"": false,
	} {
		start, size, ok := parseMapping(line, path)
		if ok != want || ok && (start&0xfff != 0 || size&0xfff != 0 || size == 0) {
			t.Errorf("%q: %x, %x, %v", line, start, size, ok)
		}
	}
}

func FuzzParseMapping(f *testing.F) {
	f.Add("00400000-0090b000 r-xp 00000000 fe:00 1234      /bin/x")
	f.Fuzz(func(t *testing.T, line string) {
		if _, size, ok := parseMapping(line, "/bin/x"); ok && size == 0 {
			t.Errorf("%q has no size", line)
		}
	})
}

// mapped is how much of files this program has mapped, in KiB.
func mapped(t *testing.T) (kib int) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, after, ok := strings.Cut(string(text), "RssFile:")
	if _, err := fmt.Sscan(after, &kib); !ok || err != nil {
		t.Skip("this kernel does not tell:", err)
	}
	return kib
}

func TestAProgramGivesItsPagesBackAndGoesOn(t *testing.T) {
	before := mapped(t)
	ReleaseProgram()
	if after := mapped(t); after >= before {
		t.Errorf("%d KiB are mapped, %d before", after, before)
	}
}
