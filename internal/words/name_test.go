package words

import "testing"

func TestIsName(t *testing.T) {
	for _, name := range []string{"a", "9", "Api", "web-admin", "a_b-C9"} {
		if !IsName(name) {
			t.Errorf("%q is no name", name)
		}
	}
	for _, name := range []string{"", "-a", "_a", "a.b", "a b", "a/b", "..", "é", "a\n"} {
		if IsName(name) {
			t.Errorf("%q is a name", name)
		}
	}
}
