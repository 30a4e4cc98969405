package run

import (
	"strings"
	"testing"

	"github.com/lhrun/lhrun/internal/mask"
	"github.com/lhrun/lhrun/supervisor"
)

// Wherever a command is cut, no part of a secret is left of it.
func TestWhatAKilledRunLeftIsToldWithoutHalfASecret(t *testing.T) {
	const secret = "correct-horse-battery"
	m := mask.New([]string{"DB_PASSWORD=" + secret})
	for before := range 70 {
		for _, command := range []string{secret, "postgres://app:" + secret + "@127.0.0.1/x"} {
			left := supervisor.Leftover{Service: "db", Command: strings.Repeat("x", before) + " " + command}
			left.PID = 4711
			told := describeLeft(left, m)
			if strings.Contains(told, secret[:4]) {
				t.Errorf("%q shows a part of the secret", told)
			}
			if !strings.HasPrefix(told, "pid 4711 of db (") || len([]rune(told)) > 80 {
				t.Errorf("%q is not one short line", told)
			}
		}
	}
}
