package words

import "testing"

func TestFitCountsColumns(t *testing.T) {
	for _, tt := range []struct {
		in      string
		columns int
		want    string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"日本", 4, "日本"}, {"日本語", 4, "日…"}, {"日本語", 5, "日本…"},
		{"e\u0301e\u0301", 2, "e\u0301e\u0301"}, {"🦊🦊", 3, "🦊…"}, {"", 1, ""}, {"ab", 1, "…"},
	} {
		if got := Fit(tt.in, tt.columns); got != tt.want {
			t.Errorf("%q in %d: got %q, want %q", tt.in, tt.columns, got, tt.want)
		}
	}
}
